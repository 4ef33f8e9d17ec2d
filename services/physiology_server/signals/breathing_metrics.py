"""What Core says about breathing."""

import math
from collections import deque
from itertools import pairwise
from typing import Any

from services.physiology_server.signals.breath_detector import Breath, BreathDetector
from services.physiology_server.signals.frame import Frame
from services.physiology_server.signals.periodic import Periodic
from services.physiology_server.signals.rate_estimator import BREATHING, LONGEST_GAP_S
from services.physiology_server.signals.rate_tracker import RateTracker
from services.physiology_server.signals.wire_samples import Sample, SampleStamp

TRACE_EVERY_S = 0.2
"""Seconds between samples of Core's breathing traces; Edge has them for each frame."""

APNEA_EVERY_S = 0.475
"""Seconds between statements on apnea."""

# A chest that moves less in this time than this share of a usual breath does not breathe.
_APNEA_S = 10.0
_STILL = 0.25
_LINE_S = 1.0
# Frame times are sums of fractions.
_GRACE_S = 1e-3


class BreathingMetrics:
    """
    Gathers the `breathing` of the next payload.

    Rate and single breaths come from the chest's trace. Amplitude, baseline and line length are
    in units of twice its deviation (see `breath_detector.Breath`). Apnea and line length are
    stated once two breaths have shown what breathing looks like here. While there is apnea, no
    rate is stable: the estimator's window still holds breaths, but nobody draws any.
    """

    def __init__(self) -> None:
        self.rate = RateTracker(BREATHING)
        self._breaths: BreathDetector[SampleStamp] = BreathDetector()
        self._trace_due = Periodic(TRACE_EVERY_S)
        self._apnea_due = Periodic(APNEA_EVERY_S)
        self._recent: deque[tuple[float, float]] = deque()
        self._line: deque[tuple[float, float]] = deque()
        self._last_s = -math.inf
        self._breath_is_held = False
        self._series: dict[str, list[Sample]] = {}
        self._strict: Sample | None = None

    def add(self, frame: Frame, stamp: SampleStamp) -> None:
        """
        Take one frame.
        """
        time_s = frame.time_s
        chest, abdomen = frame.signals.upper_breathing, frame.signals.lower_breathing
        if chest is not None:
            self._forget_before_gap(time_s)
        if self._trace_due.due(time_s):
            if chest is not None:
                self._put("upper_trace", stamp.measurement(chest))
                self._follow(time_s, chest, stamp)
            if abdomen is not None:
                self._put("lower_trace", stamp.measurement(abdomen))
        if chest is None:
            return
        found = self.rate.add(frame, chest)
        rate: Sample = {}
        if found is not None:
            rate = self.rate.sample(frame, stamp, found)
            self._put("rate", rate)
            self._strict = self.rate.strict()
            self._breaths.calibrate(*self.rate.spread())
        breath = self._breaths.add(time_s, chest, stamp)
        if breath is not None and self.rate.latest(time_s) is not None:
            self._put_breath(breath)
        if self._apnea_due.due(time_s):
            self._state_apnea(time_s, stamp)
        if rate and self._breath_is_held:
            rate["stable"] = False

    def take(self) -> dict[str, Any]:
        """
        Hand over what was gathered, without what is not there.
        """
        part: dict[str, Any] = self._series
        if self._strict is not None:
            part["strict"] = self._strict
        self._series, self._strict = {}, None
        return part

    def _put(self, name: str, sample: Sample) -> None:
        self._series.setdefault(name, []).append(sample)

    def _forget_before_gap(self, time_s: float) -> None:
        """
        Begin with new breaths where the estimator begins with a new trace.
        """
        if not 0 < time_s - self._last_s <= LONGEST_GAP_S:
            self._breaths = BreathDetector()
            self._recent.clear()
            self._line.clear()
            self._breath_is_held = False
        self._last_s = time_s

    def _put_breath(self, breath: Breath[SampleStamp]) -> None:
        at = breath.end
        self._put("amplitude", at.measurement(breath.amplitude))
        self._put("baseline", at.measurement(breath.baseline))
        self._put("inhale_exhale_ratio", at.measurement(breath.inhale_exhale_ratio))

    def _follow(self, time_s: float, chest: float, stamp: SampleStamp) -> None:
        """
        Keep the trace of the last seconds, and say how long its line was in the last one.
        """
        recent, line = self._recent, self._line
        recent.append((time_s, chest))
        line.append((time_s, chest))
        while time_s - recent[0][0] > _APNEA_S + TRACE_EVERY_S / 2:
            recent.popleft()
        while time_s - line[0][0] > _LINE_S + _GRACE_S:
            line.popleft()
        if self._breaths.usual_depth is None or time_s - recent[0][0] < _LINE_S - _GRACE_S:
            return
        length = sum(abs(after - before) for (_, before), (_, after) in pairwise(line))
        self._put(
            "respiratory_line_length", stamp.measurement(length / (2 * self._breaths.deviation))
        )

    def _state_apnea(self, time_s: float, stamp: SampleStamp) -> None:
        """
        Say whether the chest has been still for ten seconds.
        """
        usual, recent = self._breaths.usual_depth, self._recent
        if usual is None or time_s - recent[0][0] < _APNEA_S - TRACE_EVERY_S:
            return
        values = [value for _, value in recent]
        self._breath_is_held = max(values) - min(values) < _STILL * usual
        self._put("apnea", stamp.detection(detected=self._breath_is_held))
