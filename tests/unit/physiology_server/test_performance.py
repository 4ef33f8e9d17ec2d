"""What the server logs of its own speed is measured."""

import logging

import pytest

from services.physiology_server.control import Control
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.performance import InstrumentedCore, Performance
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.send_latency import SendLatencies
from services.physiology_server.settings import Settings
from services.physiology_server.signals.core import Core
from services.physiology_server.sources.synthetic_source import SyntheticSource
from services.physiology_server.state import ServerState
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats

FLAGS = ("log_throughput_and_latency", "log_edge_core_transfer_times", "log_dropped_frames")


class Rig:
    """A server's counters, without a server."""

    def __init__(self, *flags):
        self.clock = ManualClock()
        self.beats = ServiceHeartbeats("physiology_server", "", self.clock)
        self.latencies = SendLatencies(self.clock)
        self.state = ServerState(Control(self.clock), Outbox(10), {}, DroppedFrames(self.beats))
        settings = Settings.load([f"--{flag}" for flag in flags], {})[0]
        self.performance = Performance(settings, self.state, self.beats, self.latencies, self.clock)
        self.before = self.performance.totals()

    def log(self):
        now = self.performance.totals()
        self.performance.log_between(self.before, now)
        self.before = now


def said(caplog, message):
    return [vars(record) for record in caplog.records if record.message == message]


@pytest.fixture(autouse=True)
def everything(caplog):
    caplog.set_level(logging.INFO)


def test_effective_frames_are_those_that_were_worked_on(caplog):
    """
    87 frames in 3 s are 29 a second, whatever the source promised.
    """
    rig = Rig(*FLAGS)
    rig.state.frames += 87
    rig.clock.advance(3)
    rig.log()

    assert 29.0 == said(caplog, "throughput and latency")[0]["effective_fps"]


def test_the_latency_is_that_of_what_was_sent(caplog):
    """
    In milliseconds, over the same three seconds.
    """
    rig = Rig(*FLAGS)
    rig.state.frames += 1
    rig.clock.advance(3)
    rig.latencies.add(rig.clock.monotonic_s(), 0.004)
    rig.log()

    assert 4.0 == said(caplog, "throughput and latency")[0]["latency_p99_ms"]


def test_a_transfer_is_timed_where_core_takes_a_frame(caplog):
    """
    Each frame that Core takes is one.
    """
    rig = Rig(*FLAGS)
    core = Core(
        buffer_duration_s=0.2, source_kind="synthetic", run_id="r", version="1", clock=rig.clock
    )
    measured = InstrumentedCore(core, rig.beats, rig.clock)
    frames = SyntheticSource(seed=1).frames()
    payloads = [measured.add(next(frames), 0) for _ in range(12)]
    rig.log()

    assert (12, 2) == (
        said(caplog, "transfer from Edge to Core")[0]["transfers"],
        sum(payload is not None for payload in payloads),
    )


def test_dropped_frames_are_told_with_their_reasons(caplog):
    """
    As many as were left out since the line before.
    """
    rig = Rig(*FLAGS)
    rig.state.drops.count("too_late", 5)
    rig.log()
    rig.state.drops.count("bad_picture", 2)
    rig.log()

    lines = said(caplog, "frames were left out")
    assert (5, 2) == (lines[0]["too_late"], lines[1]["bad_picture"])


@pytest.mark.parametrize("flags", [(), FLAGS], ids=["nothing wanted", "nothing happened"])
def test_nothing_is_said_that_is_not_wanted_or_did_not_happen(caplog, flags):
    """
    A quiet log stays quiet.
    """
    rig = Rig(*flags)
    if not flags:
        rig.state.frames += 90
        rig.state.drops.count("too_late")
    rig.clock.advance(3)
    rig.log()

    assert [] == [record.message for record in caplog.records]
