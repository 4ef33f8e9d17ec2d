"""
A session's envelopes without a server: as fast as they can be made, the same each time.

`python -m vitalrig.launch physiology_server.offline '{"seconds": 60, ...}'` writes them to its
standard output, a line each, from the start of the recording to its stop.
"""

import gc
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import BinaryIO

from services.physiology_server.control import Control
from services.physiology_server.envelopes import Outgoing, of_change
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.scenarios.action_events import ServerRestart
from services.physiology_server.scenarios.capture_id import capture_id
from services.physiology_server.scenarios.compatibility import synthetic_source
from services.physiology_server.scenarios.disturbance import disturbance_of
from services.physiology_server.scenarios.frame_effects import FrameEffects
from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.scenarios.scenario_file import load_scenario
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from services.physiology_server.signals.frame import Frame
from services.physiology_server.signals.wire_samples import shorten_together
from services.physiology_server.sources.synthetic_source import SyntheticSource
from vitalrig.clock import Clock
from vitalrig.errors import BadSettings

EXIT_OK, EXIT_BAD_SETTINGS = 0, 2

_US = 1_000_000
_TOGETHER = 2_048
_WRITTEN_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class OfflineOrder:
    """
    What is to be made.

    Attributes:
        session: The recording's name.
        started_us: When it begins, in us since the epoch.
        seconds: How long it is.
        seed: Which person, and every random choice; it goes before a scenario's own.
        fps: Frames a second.
        pulse_rate: Beats per minute, where the scenario says nothing of it.
        breathing_rate: Breaths per minute, where the scenario says nothing of it.
        version: What the envelopes say of the program.
        scenario: A scenario's file; empty for none. It goes on behind its end with nothing more
            happening, unless it loops. Its recordings are not done: there is one.
    """

    session: str
    started_us: int
    seconds: float
    seed: int
    fps: float
    pulse_rate: float
    breathing_rate: float
    version: str
    scenario: str = ""


def main(argv: Sequence[str]) -> int:
    """
    Write the envelopes of the order that is the only argument, in JSON.

    Returns:
        The exit status; not 0 with a sentence on standard error if the order cannot be fulfilled.
    """
    gc.disable()  # this process is short, and makes nothing that hangs together in circles
    try:
        order = OfflineOrder(**json.loads(argv[0]))
        write(order, sys.stdout.buffer)
    except (BadSettings, ValueError) as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_BAD_SETTINGS
    return EXIT_OK


def write(order: OfflineOrder, file: BinaryIO) -> None:
    """
    Write the envelopes of *order*, each with a newline behind it.

    Raises:
        BadSettings: If the scenario cannot work.
        ValueError: If a rate is not one of a living adult.
    """
    lines: list[bytes] = []
    for outgoing in envelopes(order):
        lines.append(outgoing.envelope)
        if len(lines) == _WRITTEN_TOGETHER:
            file.write(b"\n".join([*lines, b""]))
            lines.clear()
    file.write(b"\n".join([*lines, b""]))
    file.flush()


def envelopes(order: OfflineOrder) -> Iterator[Outgoing]:
    """
    Give the envelopes of *order*: the start of the recording, all that is in it, and its stop.

    What a scenario still holds back at the end comes before the stop.

    Raises:
        BadSettings: If the scenario cannot work.
        ValueError: If a rate is not one of a living adult.
    """
    scenario = _scenario(order)
    source = synthetic_source(
        scenario,
        seed=order.seed,
        fps=order.fps,
        pulse_per_minute=order.pulse_rate,
        breathing_per_minute=order.breathing_rate,
    )
    clock = _FrameClock(order.started_us)
    control = _recording(order, clock)
    disturb = disturbance_of(scenario, order.seed)
    yield from disturb(0.0, map(of_change, control.take_changes()))
    graphs = _Graphs(order, scenario, control, clock)
    for frame in _prepared(_frames(order, scenario, source)):
        stamp_us = order.started_us + round(frame.time_s * _US)
        clock.now_us = stamp_us
        yield from disturb(frame.time_s, graphs.at(frame.time_s).step(frame, stamp_us))
    yield from disturb(math.inf, ())
    clock.now_us = order.started_us + round(order.seconds * _US)
    control.set_recording(False)
    yield from disturb(order.seconds, map(of_change, control.take_changes()))


class _FrameClock:
    """The clock of a day on which every frame comes when it is due."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us

    def wall_us(self) -> int:
        """
        Give the stamp of the newest frame.
        """
        return self.now_us

    def monotonic_s(self) -> float:
        """
        Give the same in seconds.
        """
        return self.now_us / _US

    def uptime_s(self) -> float:
        """
        Give the same in seconds.
        """
        return self.now_us / _US


def _scenario(order: OfflineOrder) -> Scenario | None:
    """The scenario as it is played here: with this seed, and without an end of its own."""
    if not order.scenario:
        return None
    scenario = load_scenario(order.scenario)
    duration_s = scenario.duration_s if scenario.loop else None
    return scenario.model_copy(update={"seed": None, "duration_s": duration_s})


def _recording(order: OfflineOrder, clock: Clock) -> Control:
    """A control that has just begun to record, and has not told anybody."""
    control = Control(clock)
    control.start_core()
    control.start_edge_graph()
    control.take_changes()
    control.set_recording(True, order.session)
    return control


def _frames(
    order: OfflineOrder, scenario: Scenario | None, source: SyntheticSource
) -> Iterator[Frame]:
    """The frames that come, as they come."""
    frames = takewhile(lambda frame: frame.time_s < order.seconds, source.frames(_TOGETHER))
    if scenario is None:
        return frames
    effects = FrameEffects(scenario, order.seed)
    return (
        effects.change(frame) for frame in frames if effects.lets_through(frame.index, frame.time_s)
    )


def _prepared(frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same, with what is done at less cost for many at a time."""
    while some := list(islice(frames, _TOGETHER)):
        values = [
            value
            for frame in some
            for value in (
                frame.time_s,
                frame.signals.pulse,
                frame.signals.upper_breathing,
                frame.signals.lower_breathing,
            )
            if value is not None
        ]
        shorten_together(values)
        yield from some


class _Graphs:
    """The pipeline, and behind each restart of a scenario a new one, whose warm-ups begin again."""

    def __init__(
        self, order: OfflineOrder, scenario: Scenario | None, control: Control, clock: Clock
    ) -> None:
        facts = {
            "seed": order.seed,
            "fps": order.fps,
            "pulse": order.pulse_rate,
            "breathing": order.breathing_rate,
            "path": "",
        }
        self._run_id = capture_id(facts, scenario)
        self._version = order.version
        self._scenario = scenario
        self._control = control
        self._clock = clock
        events = () if scenario is None else scenario.timeline
        self._restarts_s = sorted(e.at_s for e in events if isinstance(e, ServerRestart))
        self._pipeline = self._new()
        self._restarted = self._restarts(0.0)

    def at(self, time_s: float) -> Pipeline:
        """
        Give the pipeline that works at *time_s*.
        """
        if self._restarts_s and (restarted := self._restarts(time_s)) != self._restarted:
            self._pipeline, self._restarted = self._new(), restarted
        return self._pipeline

    def _restarts(self, time_s: float) -> int:
        """How many restarts there have been at *time_s*."""
        if self._scenario is None:
            return 0
        turn, inside_s = self._scenario.place(time_s)
        inside = sum(at_s <= inside_s for at_s in self._restarts_s)
        return turn * len(self._restarts_s) + inside

    def _new(self) -> Pipeline:
        edge = Edge(source_kind="synthetic")
        core = Core(
            buffer_duration_s=0.2,
            source_kind="synthetic",
            run_id=self._run_id,
            version=self._version,
            clock=self._clock,
        )
        return Pipeline(self._control, edge, core, "recording")
