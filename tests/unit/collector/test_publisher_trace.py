"""What tells from outside that a server without numbers was restarted, or silent."""

import json
from dataclasses import replace

import pytest

from services.collector.checkpoints import Checkpoint
from services.collector.publisher_trace import BEGAN_ANEW, SILENT
from services.collector.sequence_tracker import SequenceTracker, TrackedRun
from services.collector.transport.base import ReceivedEnvelope
from vitalrig.clock import ManualClock

START_MS = 1_760_000_000_000


class Vendor:
    """A server that only publishes, heard through a relay (or without one)."""

    def __init__(self, *, relayed: bool = True) -> None:
        self.clock = ManualClock(wall_us=START_MS * 1_000)
        self.tracker = SequenceTracker(self.clock)
        self._relayed = relayed
        self._seq = 0
        self._captured_s = 100.0
        self.heard: list[ReceivedEnvelope] = []

    def _says(self, channel: str, payload: object, *, late_s: float = 0.0) -> None:
        self._seq += 1
        now_us = self.clock.wall_us()
        document = {
            "type": channel, "timestamp": now_us - round(late_s * 1e6), "payload": payload
        }  # fmt: skip
        arrival = ReceivedEnvelope("ward", channel, json.dumps(document).encode())
        if self._relayed:
            arrival.entry_id, arrival.run = f"{now_us // 1_000}-{self._seq}", "relay-1"
            arrival.seq = self._seq
        self.heard += self.tracker.take([arrival])

    def records(self, *, on: bool = True) -> None:
        self._says("recording_state", {"recording": on})

    def frames(self, count: int = 60, every_s: float = 1 / 30, late_s: float = 0.0) -> None:
        for _ in range(count):
            self.clock.advance(every_s)
            self._captured_s += every_s
            sample = {"time": self._captured_s - late_s, "value": 0.1}
            self._says("edge_metrics", {"breathing": {"upper_trace": [sample]}}, late_s=late_s)

    def buffer(self) -> None:
        metadata = {"frame_timestamp": str(round(self._captured_s * 1e6)), "frame_count": 6}
        self._says("core_metrics", {"metadata": metadata})

    def status(self, value: object) -> None:
        self._says("status", {"value": value})

    def crashes(self, for_s: float) -> None:
        self.clock.advance(for_s)
        self._captured_s = 0.0

    @property
    def doubts(self) -> list[str]:
        return [each.gap for each in self.heard if each.gap]


@pytest.fixture(params=[True, False], ids=["relayed", "heard"])
def vendor(request):
    server = Vendor(relayed=request.param)
    server.records()
    server.frames(150)
    return server


def test_a_silence_before_a_stop_may_hide_a_loss(vendor):
    """A server that crashed, came back and has nothing to say but that it does not record."""
    vendor.crashes(4.0)
    vendor.records(on=False)

    assert [SILENT] == vendor.doubts
    assert vendor.heard[-1].gap_s == pytest.approx(4.0, abs=0.01)


def test_a_capture_whose_time_begins_again_is_of_another_run(vendor):
    """However quickly the server came back."""
    vendor.crashes(0.5)
    vendor.frames(10)
    vendor.records(on=False)

    assert [BEGAN_ANEW] == vendor.doubts


def test_a_buffer_of_an_earlier_time_is_of_another_run(vendor):
    """Core metrics have a time of their own."""
    vendor.buffer()
    vendor.crashes(0.5)
    vendor.buffer()

    assert [BEGAN_ANEW] == vendor.doubts


@pytest.mark.parametrize("value", ["PROCESSING_NOT_STARTED", 8, "8"])
def test_a_server_that_has_not_begun_to_process_did_not_begin_the_recording(vendor, value):
    """That is what a fresh server says first."""
    vendor.status(value)

    assert [BEGAN_ANEW] == vendor.doubts


def test_what_goes_on_raises_no_doubt(vendor):
    """Whole recordings are called complete: also with other statuses, and what comes late."""
    vendor.status("NO_FACES_FOUND")
    vendor.frames(30)
    vendor.frames(1, late_s=3.0)
    vendor.frames(30)
    vendor.buffer()
    vendor.clock.advance(1.5)
    vendor.frames(30)
    vendor.records(on=False)

    assert [] == vendor.doubts


def test_who_publishes_seldom_is_not_silent_in_between():
    """Silence is measured by what is usual for that server."""
    vendor = Vendor()
    vendor.records()
    vendor.frames(100, every_s=3.0)

    assert [] == vendor.doubts


def test_outside_of_a_recording_nothing_is_lost(vendor):
    """A server may rest, and be restarted."""
    vendor.records(on=False)
    vendor.crashes(600.0)
    vendor.status(8)
    vendor.records()
    vendor.frames(10)

    assert [] == vendor.doubts


def test_a_restarted_collector_knows_when_it_last_heard_of_a_server():
    """By the place in the stream that its position holds."""
    vendor = Vendor()
    vendor.records()
    vendor.frames(60)
    last = vendor.heard[-1]
    checkpoint = Checkpoint(last.entry_id, last.run, last.seq, session_id="x")
    vendor.tracker = SequenceTracker(vendor.clock, TrackedRun.of(checkpoint))
    vendor.crashes(8.0)
    vendor.records(on=False)

    assert [SILENT] == vendor.doubts


def test_what_is_given_again_is_doubted_again(vendor):
    """A disk that refuses gives envelopes back; what was found out before them must not be lost."""
    place, before = vendor.tracker.place, len(vendor.heard)
    vendor.crashes(4.0)
    vendor.records(on=False)
    stop = vendor.heard.pop()
    vendor.tracker.go_back(place, [stop], 0)
    vendor.heard += vendor.tracker.take([replace(stop, gap="", gap_s=0.0)])

    assert (before + 1, [SILENT]) == (len(vendor.heard), vendor.doubts)
