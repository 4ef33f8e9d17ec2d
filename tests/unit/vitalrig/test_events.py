"""Saying what happened: what it costs who says it, and what becomes of what was said."""

import sys
import threading

import pytest

from tests.support.eventually import eventually
from vitalrig.clock import ManualClock
from vitalrig.errors import Unavailable
from vitalrig.events import BATCH, MOST_WAITING, NO_EVENTS, Events


class Outlet:
    """Takes events while it is open, and notes who called."""

    is_behind = False

    def __init__(self):
        self.taken = []
        self.threads = set()
        self.open = True
        self.tries = 0

    def send(self, events):
        self.threads.add(threading.current_thread())
        self.tries += 1
        if not self.open:
            raise Unavailable("closed")
        if any(event.type == "unspeakable" for event in events):
            raise TypeError("not JSON")
        self.taken += events

    def close(self):
        self.closed = True

    @property
    def numbers(self):
        return [event.data["number"] for event in self.taken]


class Counters(dict):
    def __call__(self, name, amount):
        self[name] = self.get(name, 0) + amount


@pytest.fixture
def outlet():
    return Outlet()


@pytest.fixture
def counted():
    return Counters()


@pytest.fixture
def events(outlet, counted):
    made = Events("probe@one", outlet, counted, "cam")
    yield made
    made.close()


def say(events, *numbers):
    for number in numbers:
        events.emit("mark", {"number": number})


def test_whoever_says_something_does_no_io_and_waits_for_nobody(events, outlet):
    """
    In its thread nothing is called that could wait: no file, no socket, no lock, no system call.
    """
    called = []

    def watch(_frame, kind, what):
        if kind == "c_call":
            called.append(what.__qualname__)

    sys.setprofile(watch)
    try:
        say(events, 0, *range(MOST_WAITING))
    finally:
        sys.setprofile(None)

    in_memory = {"deque.append", "deque.popleft", "Counters.get", "len", "next", "tuple.__new__"}
    of_the_test = {"setprofile", "perf_counter"}  # Hypothesis measures collections of garbage
    assert {"time_ns"} == set(called) - in_memory - of_the_test
    assert 0 == outlet.tries


def test_what_was_said_is_sent_in_order_by_another_thread(events, outlet):
    """
    Also what was said before there was anybody to send it.
    """
    say(events, 1, 2)
    events.start()
    say(events, *range(3, 3 * BATCH))
    eventually(lambda: outlet.numbers == list(range(1, 3 * BATCH)))

    assert threading.current_thread() not in outlet.threads


def test_an_event_says_who_when_and_of_which_camera(outlet, counted):
    """
    A time with its zone, and a key that no other event has.
    """
    events = Events("probe@one", outlet, counted, "cam", ManualClock(1_772_366_400_123_456))
    events.emit("mark", {"text": "hm"})
    events.emit("mark", {"text": "hm"}, camera="other", run="session", key="mine")
    events.start()
    events.close()
    first, second = (event.document() for event in outlet.taken)

    key = first.pop("key")
    assert first == {
        "type": "mark",
        "data": {"text": "hm"},
        "meta": {"emitter": "probe@one", "camera": "cam"},
        "ts": "2026-03-01T12:00:00.123Z",
    }
    assert ("other", "session") == (second["meta"]["camera"], second["meta"]["run_id"])
    assert "mine" == second["key"] != key


def test_two_lives_of_a_service_give_no_key_twice(outlet, counted):
    """
    It counts from 1 each time, and something tells the lives apart.
    """
    for _ in range(2):
        events = Events("probe", outlet, counted)
        say(events, *range(10))
        events.start()
        events.close()

    assert 20 == len({event.key for event in outlet.taken})


def test_of_too_many_the_oldest_leave_and_are_counted(events, outlet, counted):
    """
    Whoever listens again hears the newest thousand.
    """
    outlet.open = False
    events.start()
    say(events, *range(MOST_WAITING + 250))
    eventually(lambda: outlet.tries > 1)
    outlet.open = True
    eventually(lambda: len(outlet.taken) >= MOST_WAITING)

    assert list(range(250, MOST_WAITING + 250)) == outlet.numbers
    assert (250, MOST_WAITING) == (counted["events_lost"], counted["events_sent"])


def test_what_nobody_can_write_down_costs_itself_and_nothing_after_it(events, outlet, counted):
    """
    It is counted as lost.
    """
    events.emit("unspeakable", {})
    events.start()
    eventually(lambda: counted["events_lost"])
    say(events, 1)
    eventually(lambda: [1] == outlet.numbers)


def test_closing_sends_what_waits_and_lets_go_of_the_outlet(events, outlet):
    """
    At once, although it gathers events before.
    """
    events.start()
    say(events, 1, 2)
    events.close()

    assert ([1, 2], True) == (outlet.numbers, outlet.closed)


def test_closing_ends_in_time_although_nobody_takes_what_waits(outlet, counted):
    """
    A peer that hangs does not keep a service from ending; what is left is counted.
    """
    hangs = threading.Event()
    outlet.send = lambda events: hangs.wait()
    events = Events("probe", outlet, counted)
    events.start()
    say(events, 1)
    eventually(lambda: not events._waiting)
    say(events, 2)
    events.close(within_s=0.05)
    hangs.set()

    assert 1 == counted["events_lost"]


def test_whoever_has_nobody_to_tell_says_it_to_nobody():
    """
    The same calls do nothing.
    """
    NO_EVENTS.emit("mark", {"text": "hm"}, camera="cam", run="r", key="k")
    NO_EVENTS.start()
    NO_EVENTS.close()


def test_what_is_urgent_does_not_wait_until_the_thread_looks_by_itself(events, outlet, monkeypatch):
    """
    Nor does what was said before it.
    """
    monkeypatch.setattr("vitalrig.events.LOOK_EVERY_S", 3_600)
    events.start()
    say(events, 1)
    events.emit("mark", {"number": 2}, is_urgent=True)

    eventually(lambda: [1, 2] == outlet.numbers)
