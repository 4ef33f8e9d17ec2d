"""Scenarios played by the real graph, without a network, as fast as it goes."""

import asyncio
import contextlib
import json
from pathlib import Path

import pytest

from services.physiology_server.captures.paced_capture import PacedCapture
from services.physiology_server.control import Control
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.frame_loop import FrameLoop
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.scenarios.capture_id import capture_id
from services.physiology_server.scenarios.compatibility import synthetic_source
from services.physiology_server.scenarios.disturbance import ScenarioDisturbance
from services.physiology_server.scenarios.scenario_capture import ScenarioCapture
from services.physiology_server.scenarios.scenario_file import load_scenario
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from services.physiology_server.state import ServerState
from tests.support.running import a_watchdog
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats

CONFIG = Path(__file__).parents[4] / "config" / "scenarios"
FOREVER = float("inf")


class Run:
    """What one run has sent, in order."""

    def __init__(self, outgoings):
        self.outgoings = outgoings
        self.lines = [outgoing.envelope for outgoing in outgoings]

    def of(self, kind):
        """The envelopes of one channel that are JSON."""
        found = []
        for outgoing in self.outgoings:
            if outgoing.channel == kind:
                with contextlib.suppress(ValueError):
                    found.append(json.loads(outgoing.envelope))
        return found

    def statuses(self):
        return [envelope["payload"]["value"] for envelope in self.of("status")]

    def series(self, kind, part, name):
        return [
            sample
            for envelope in self.of(kind)
            for sample in envelope["payload"].get(part, {}).get(name, [])
        ]


async def _play(
    scenario, folder, *, seed=1, speed=FOREVER, clock=None, make_capture=None, record=False
):
    """Play *scenario* to its end; `make_capture` gives another source than the synthetic one."""
    clock = clock or ManualClock()
    beats = ServiceHeartbeats("test", clock=clock)
    drops = DroppedFrames(beats)
    control, outbox = Control(clock), Outbox(1000)
    state = ServerState(control, outbox, {}, drops)

    def synthetic():
        source = synthetic_source(
            scenario, seed=seed, fps=30.0, pulse_per_minute=72.0, breathing_per_minute=15.0
        )
        return PacedCapture(source, clock, beats, drops, speed=speed, keep_all=True)

    def capture():
        inner = (make_capture or synthetic)()
        return ScenarioCapture(inner, scenario, control.set_recording, seed)

    kind = capture().kind

    def pipeline():
        core = Core(
            buffer_duration_s=0.2, enable_phasic_bp=True, source_kind=kind, version="1",
            run_id=capture_id({"seed": seed}, scenario), clock=clock,
        )  # fmt: skip
        edge = Edge(enable_eda=True, enable_micromotion=True, source_kind=kind)
        return Pipeline(control, edge, core, "always")

    graph = FrameLoop(
        state, capture, pipeline, a_watchdog(folder), beats, clock,
        make_disturb=lambda: ScenarioDisturbance(scenario, seed),
    )  # fmt: skip
    control.start_core()
    control.start_edge_graph()
    if record:
        control.set_recording(True, "by_hand")
    sent = []
    running = asyncio.create_task(graph.run())
    while True:
        batch = outbox.take(100)
        sent += [numbered.outgoing for numbered in batch]
        if batch:
            outbox.done()
        elif not control.edge_running and state.graph_time_s == 0.0:
            break
        await asyncio.sleep(0 if speed == FOREVER else 0.01)
        if running.done():
            running.result()
    running.cancel()
    return Run(sent)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("scenarios")


@pytest.fixture(scope="session")
def play(folder):
    """Play a scenario now."""

    def play(scenario, **settings):
        return asyncio.run(_play(scenario, folder, **settings))

    return play


@pytest.fixture(scope="session")
def play_async(folder):
    """Play a scenario beside others."""

    def play_async(scenario, **settings):
        return _play(scenario, folder, **settings)

    return play_async


@pytest.fixture(scope="session")
def shipped(play):
    """The run of a shipped scenario, made once."""
    runs = {}

    def shipped(name):
        if name not in runs:
            runs[name] = play(load_scenario(CONFIG / f"{name}.yml"))
        return runs[name]

    return shipped
