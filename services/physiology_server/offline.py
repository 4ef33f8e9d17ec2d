"""
A session's envelopes without a server: as fast as they can be made, the same each time.

`python -m vitalrig.launch physiology_server.offline '{"seconds": 60, ...}'` writes them to its
standard output, a line each, from the start of the recording to its stop.
"""

import gc
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from typing import BinaryIO, Generic, TypeVar

from services.physiology_server.control import Control
from services.physiology_server.core_beside import CoreBeside
from services.physiology_server.envelopes import Outgoing, of_change
from services.physiology_server.pipeline import Pipeline, TakesFrames
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
from vitalrig.clock import Clock
from vitalrig.errors import BadSettings

EXIT_OK, EXIT_BAD_SETTINGS = 0, 2

_US = 1_000_000
_TOGETHER = 2_048
_WRITTEN_TOGETHER = 256
_WORTH_TWO_S = 60.0
"""From so long on a second process saves more than it costs."""

Part = TypeVar("Part")


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
        write(
            order, sys.stdout.buffer, beside=order.seconds >= _WORTH_TWO_S and hasattr(os, "fork")
        )
    except (BadSettings, ValueError) as exc:
        sys.stderr.write(f"{exc}\n")
        return EXIT_BAD_SETTINGS
    return EXIT_OK


def write(order: OfflineOrder, file: BinaryIO, *, beside: bool = False) -> None:
    """
    Write the envelopes of *order*, each with a newline behind it.

    Args:
        order: What is to be made.
        file: Where they are written.
        beside: Have Core work in a process of its own meanwhile. The envelopes are the same.

    Raises:
        BadSettings: If the scenario cannot work.
        ValueError: If a rate is not one of a living adult.
    """
    lines: list[bytes] = []
    for outgoing in envelopes(order, beside=beside):
        lines.append(outgoing.envelope)
        if len(lines) == _WRITTEN_TOGETHER:
            file.write(b"\n".join([*lines, b""]))
            lines.clear()
    file.write(b"\n".join([*lines, b""]))
    file.flush()


def envelopes(order: OfflineOrder, *, beside: bool = False) -> Iterator[Outgoing]:
    """
    Give the envelopes of *order*: the start of the recording, all that is in it, and its stop.

    What a scenario still holds back at the end comes before the stop.

    Raises:
        BadSettings: If the scenario cannot work.
        ValueError: If a rate is not one of a living adult.
    """
    scenario = _scenario(order)
    clock = _FrameClock(order.started_us)
    control = _recording(order, clock)
    disturb = disturbance_of(scenario, order.seed)
    yield from disturb(0.0, map(of_change, control.take_changes()))
    frames = _frames(order, scenario)
    core = CoreBeside(partial(_cores_at_work, order, scenario)) if beside else None
    pipelines = _Renewed(
        scenario,
        lambda: Pipeline(
            control,
            Edge(source_kind="synthetic"),
            core or _core(order, scenario, clock),
            "recording",
        ),
    )
    for frame in frames:
        clock.now_us = _stamp_us(order, frame)
        pipeline = pipelines.at(frame.time_s)
        yield from disturb(frame.time_s, pipeline.step(frame, clock.now_us))
    yield from disturb(math.inf, ())
    clock.now_us = order.started_us + round(order.seconds * _US)
    control.set_recording(False)
    yield from disturb(order.seconds, map(of_change, control.take_changes()))
    if core is not None:
        core.close()


def _cores_at_work(
    order: OfflineOrder, scenario: Scenario | None
) -> Iterator[tuple[Frame, int, TakesFrames]]:
    """Each frame with its stamp and with the Core that takes it."""
    clock = _FrameClock(order.started_us)
    cores = _Renewed(scenario, lambda: _core(order, scenario, clock))
    for frame in _frames(order, scenario):
        clock.now_us = _stamp_us(order, frame)
        yield frame, clock.now_us, cores.at(frame.time_s)


def _stamp_us(order: OfflineOrder, frame: Frame) -> int:
    return order.started_us + round(frame.time_s * _US)


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


def _frames(order: OfflineOrder, scenario: Scenario | None) -> Iterator[Frame]:
    """
    The frames that come, as they come.

    Raises:
        ValueError: If a rate is not one of a living adult.
    """
    source = synthetic_source(
        scenario,
        seed=order.seed,
        fps=order.fps,
        pulse_per_minute=order.pulse_rate,
        breathing_per_minute=order.breathing_rate,
    )
    frames = takewhile(lambda frame: frame.time_s < order.seconds, source.frames(_TOGETHER))
    if scenario is None:
        return _prepared(frames)
    return _prepared(FrameEffects(scenario, order.seed).apply(frames))


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


def _core(order: OfflineOrder, scenario: Scenario | None, clock: Clock) -> Core:
    facts = {
        "seed": order.seed,
        "fps": order.fps,
        "pulse": order.pulse_rate,
        "breathing": order.breathing_rate,
        "path": "",
    }
    return Core(
        buffer_duration_s=0.2,
        source_kind="synthetic",
        run_id=capture_id(facts, scenario),
        version=order.version,
        clock=clock,
    )


class _Renewed(Generic[Part]):
    """
    What is made anew behind each restart of a scenario, so that every warm-up begins again.

    Args:
        scenario: What happens.
        make: Makes it.
    """

    def __init__(self, scenario: Scenario | None, make: Callable[[], Part]) -> None:
        self._scenario = scenario
        self._make = make
        events = () if scenario is None else scenario.timeline
        self._restarts_s = [e.at_s for e in events if isinstance(e, ServerRestart)]
        self._part = make()
        self._restarted = self._restarts(0.0)

    def at(self, time_s: float) -> Part:
        """
        Give the one that works at *time_s*.
        """
        if self._restarts_s and (restarted := self._restarts(time_s)) != self._restarted:
            self._part, self._restarted = self._make(), restarted
        return self._part

    def _restarts(self, time_s: float) -> int:
        """How many restarts there have been at *time_s*."""
        if self._scenario is None:
            return 0
        turn, inside_s = self._scenario.place(time_s)
        inside = sum(at_s <= inside_s for at_s in self._restarts_s)
        return turn * len(self._restarts_s) + inside
