"""What each signal of a camera was, envelope by envelope, by the camera's own time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smartspectra.ipc.wire.channels import RECORDING_STATE, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope
from smartspectra.ipc.wire.measurements import measurement_lists, sample_timestamp_us, sample_value
from vitalrig.judged_signals import JUDGED_SIGNALS
from vitalrig.newest_sample import Sample
from vitalrig.signal_state import USUAL_LIMITS, Limits, State, newest, state_of

_US = 1_000_000
_LEAST_STAMP_US = 10**14
"""A smaller stamp is not a time of day, so nobody knows how old its sample is."""

_LONGEST_STEP_S = 1.0
"""A stamp that is no further ahead than this tells the time where no sample does."""

Samples = list[tuple[str, list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class StateMoment:
    """
    A moment at which the state of a signal changed, and what holds from then on.

    Attributes:
        time_s: The camera's own time, in seconds since its first frame.
        states: The state of every signal.
    """

    time_s: float
    states: Mapping[str, State]


@dataclass(frozen=True, slots=True)
class StateChange:
    """
    One change.

    Attributes:
        time_s: The camera's own time, in seconds since its first frame.
        signal: Which signal of the catalogue.
        state: What it has been from then on.
    """

    time_s: float
    signal: str
    state: State


@dataclass(slots=True)
class _Seen:
    """The camera as the judgement wants to see it."""

    status: str
    series: dict[str, Sample]
    conflict: bool | None = None
    ended: bool = False


class SignalHistory:
    """
    The states of all signals of one camera, as the exporter would have judged them.

    It is fed with envelopes in order, and knows no clock: the camera's time is that of its
    frames, and a sample is as old as that says. So it is right at any speed, and says the same
    of the same envelopes.

    Args:
        limits: How old what is live may be.

    Attributes:
        moments: All moments at which a state changed; the first one is before any envelope.
        now_s: The camera's own time, in seconds since its first frame; goes on over a restart.
        capture_s: The same since the server's own start.
        status: What the server last said of the picture; empty if it never did.
    """

    def __init__(self, limits: Limits = USUAL_LIMITS) -> None:
        self._limits = limits
        self._seen = _Seen("", {})
        self._taken_at_s: dict[str, float] = {}
        self._run = ""
        self._before_run_s = 0.0
        self._started_us: float | None = None
        self.capture_s = 0.0
        self.moments = [StateMoment(0.0, self._judged())]

    @property
    def now_s(self) -> float:
        """
        The camera's own time.
        """
        return self._before_run_s + self.capture_s

    @property
    def status(self) -> str:
        """
        What the server last said of the picture.
        """
        return self._seen.status

    @property
    def states(self) -> Mapping[str, State]:
        """
        The state of every signal now.
        """
        return self.moments[-1].states

    def take(self, channel: str, raw: bytes, run: str = "") -> None:
        """
        Take the next envelope. What is not one changes nothing.

        Args:
            channel: Its channel, without the prefix.
            raw: The envelope.
            run: The run of the server that made it; a server that starts anew has another.
        """
        if run != self._run:
            self._before_run_s, self.capture_s, self._started_us = self.now_s, 0.0, None
            self._run = run
        try:
            envelope = Envelope.parse(raw)
        except BadEnvelope:
            return
        payload = envelope.payload
        if channel == STATUS:
            told = payload.get("value", "") if isinstance(payload, dict) else payload
            self._seen.status = str(told)
        elif channel != RECORDING_STATE and isinstance(payload, dict):
            self._measure(channel, payload, envelope.timestamp_us)
        states = self._judged()
        if states != self.states:
            self.moments.append(StateMoment(self.now_s, states))

    def _measure(self, channel: str, payload: dict[str, Any], stamp_us: int | None) -> None:
        found = list(measurement_lists(payload))
        self._tell_time(payload, found, stamp_us)
        for series, samples in found:
            self._show(f"{channel}/{series}", samples, stamp_us)

    def _tell_time(self, payload: dict[str, Any], found: Samples, stamp_us: int | None) -> None:
        """
        Find out how late it is by the frames; a clock that was set does not count.
        """
        times = [
            (float(sample["time"]), sample_timestamp_us(sample))
            for _, samples in found
            for sample in samples
            if isinstance(sample.get("time"), int | float)
        ]
        frame_us = _frame_us(payload)
        if frame_us is not None:
            times.append((frame_us / _US, stamp_us))
        if times:
            time_s, at_us = max(times, key=lambda each: each[0])
            if self._started_us is None and at_us is not None:
                self._started_us = at_us - time_s * _US
            self.capture_s = max(self.capture_s, time_s)
        elif stamp_us is not None and self._started_us is not None:
            time_s = (stamp_us - self._started_us) / _US
            if 0 < time_s - self.capture_s < _LONGEST_STEP_S:
                self.capture_s = time_s

    def _show(self, name: str, samples: list[dict[str, Any]], envelope_us: int | None) -> None:
        sample = samples[-1]
        value = sample_value(sample)
        stamp_us = sample_timestamp_us(sample) or envelope_us
        if value is None or not stamp_us:
            return
        stable = sample.get("stable")
        before = self._seen.series.get(name)
        self._seen.series[name] = Sample(
            stamp_us,
            self._age_s(stamp_us),
            value,
            len(samples) + (before.count if before else 0),
            stable if isinstance(stable, bool) else None,
        )
        self._taken_at_s[name] = self.now_s

    def _age_s(self, stamp_us: float) -> float:
        if stamp_us < _LEAST_STAMP_US:
            return float("inf")
        if self._started_us is None:
            return 0.0
        return abs(self._started_us + self.capture_s * _US - stamp_us) / _US

    def _judged(self) -> dict[str, State]:
        states: dict[str, State] = {}
        for signal in JUDGED_SIGNALS:
            taken_at_s = next(
                (self._taken_at_s[name] for name in signal.series if name in self._taken_at_s), 0.0
            )
            age_s = self.now_s - taken_at_s
            states[signal.name] = state_of(signal, self._seen, age_s, self._limits.of(signal))
        return states

    def value(self, signal: str) -> float | None:
        """
        Give the newest number of a signal, live or not; None if it never had one.
        """
        (judged,) = (each for each in JUDGED_SIGNALS if each.name == signal)
        sample = newest(judged, self._seen)
        return None if sample is None else sample.value

    def first(self, wanted: Mapping[str, State], since: int = 0) -> int | None:
        """
        Find the first moment at which signals are in the states wanted.

        Args:
            wanted: States by signal.
            since: The place in `moments` to begin at.

        Returns:
            Its place in `moments`; None if there is none yet.
        """
        for place, moment in enumerate(self.moments[since:], start=since):
            if wanted.items() <= moment.states.items():
                return place
        return None

    def changes(self, *signals: str) -> list[StateChange]:
        """
        Give all changes in order, of some signals or of all, beginning with what was at first.
        """
        before: Mapping[str, State] = {}
        found = []
        for moment in self.moments:
            found += [
                StateChange(moment.time_s, signal, state)
                for signal, state in moment.states.items()
                if state != before.get(signal) and (not signals or signal in signals)
            ]
            before = moment.states
        return found


def _frame_us(payload: dict[str, Any]) -> float | None:
    """
    Read the time of the frame that a core payload ends with, in microseconds since the start.
    """
    metadata = payload.get("metadata")
    if not isinstance(metadata, dict):
        return None
    return sample_timestamp_us({"timestamp": metadata.get("frame_timestamp")})
