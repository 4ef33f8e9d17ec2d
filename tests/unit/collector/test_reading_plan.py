"""What is read next of many streams, and how much."""

from services.collector.transport.base import BATCH, BATCH_BYTES
from services.collector.transport.reading_plan import ReadingPlan
from vitalrig.clock import ManualClock

ENTRY_BYTES = 700


class Streams:
    """Streams that hold so many entries each, read by a plan, on a clock of their own."""

    def __init__(self, waiting):
        self.waiting = waiting
        self.clock = ManualClock()
        self.plan = ReadingPlan(self.clock.monotonic_s, self.clock.advance)

    def read(self):
        """Read one portion: by prefix, how many entries it gave."""
        portion = self.plan.next(self.waiting)
        given = {}
        for prefix in portion.prefixes:
            count = min(portion.count, self.waiting[prefix])
            self.waiting[prefix] -= count
            self.plan.took(portion, prefix, count, count * ENTRY_BYTES)
            given[prefix] = count
        return given


def test_no_answer_is_large_whatever_waits():
    """
    Memory and the time of an answer do not grow with a backlog, nor with cameras.
    """
    streams = Streams({f"camera{n}": 10_000 for n in range(1_000)})

    largest = max(sum(streams.read().values()) for _ in range(500))

    assert largest * ENTRY_BYTES <= BATCH_BYTES


def test_entries_larger_than_ever_make_the_next_answers_small():
    """
    What one camera may send is not known before it was seen.
    """
    plan = ReadingPlan(sleep=lambda _s: None)
    before = plan.next(["camera"])
    plan.took(before, "camera", before.count, before.count * 1_000_000)

    assert plan.next(["camera"]).count <= 2


def test_a_camera_in_step_is_read_as_often_beside_a_backlog():
    """
    What came last is read first: a backlog of some costs the others a portion's time at most.
    """
    streams = Streams({"behind": 10**9, "live": 0})
    reads = [streams.read()]
    for _ in range(400):
        streams.clock.advance(0.02)  # what taking a portion takes
        streams.waiting["live"] += 1
        reads.append(streams.read())

    waits = "".join("L" if "live" in each else "b" for each in reads).split("L")
    assert max(map(len, waits)) <= 1


def test_all_that_are_behind_get_the_same():
    """
    Round robin: no camera is caught up at the cost of another.
    """
    streams = Streams({f"camera{n}": 100_000 for n in range(100)})
    for _ in range(200):
        streams.clock.advance(0.02)
        streams.read()

    left = streams.waiting.values()
    assert max(left) - min(left) <= BATCH


def test_a_stream_that_was_read_to_its_end_is_in_step_again():
    """
    Then it is read in rounds, with all others.
    """
    streams = Streams({"one": 1_000, "two": 0})
    while streams.waiting["one"]:
        streams.read()
    streams.read()

    assert {"one", "two"} == set(streams.read())
