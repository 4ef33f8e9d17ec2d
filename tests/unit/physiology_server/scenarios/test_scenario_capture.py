"""The frames' part of a scenario."""

import asyncio

import pytest

from services.physiology_server.captures.capture import (
    CapturedFrame,
    NoFrame,
    RecordedEnvelope,
    Restart,
)
from services.physiology_server.envelopes import Outgoing
from services.physiology_server.scenarios.scenario_capture import ScenarioCapture
from services.physiology_server.scenarios.scenario_file import scenario_of
from services.physiology_server.signals.frame import Frame, Signals
from vitalrig.errors import InvalidState
from vitalrig.statuses import StatusCode

SIGNALS = Signals(pulse=0.1, upper_breathing=0.1, blinking=False)


class Given:
    """A capture that yields what it was given."""

    waits = False
    fps = 10.0

    def __init__(self, items, kind="synthetic"):
        self.kind = kind
        self.closed = False
        self._items = items

    async def items(self):
        try:
            for item in self._items:
                yield item
        finally:
            self.closed = True


def shots(seconds):
    return [CapturedFrame(Frame(n, n / 10, SIGNALS), n) for n in range(round(seconds * 10))]


def played(items, *events, calls=None, refuse=False, **keys):
    def set_recording(recording, session):
        if refuse:
            raise InvalidState("another is recorded")
        if calls is not None:
            calls.append((recording, session))

    scenario = scenario_of({"name": "x", "timeline": list(events)} | keys, "x.yml")
    inner = items if isinstance(items, Given) else Given(items)
    capture = ScenarioCapture(inner, scenario, set_recording, seed=1)

    async def all_items():
        return [item async for item in capture.items()]

    return asyncio.run(all_items())


def test_it_ends_when_the_scenario_does():
    """
    And closes the capture it was made of.
    """
    inner = Given(shots(5))

    assert 20 == len(played(inner, duration_s=2))
    assert inner.closed


def test_without_a_duration_it_ends_with_its_source():
    """
    A timeline may be shorter than what it is played on.
    """
    assert 50 == len(played(shots(5), {"at_s": 1, "for_s": 1, "do": "too_dark"}))


def test_a_loop_begins_again():
    """
    The subject leaves in each turn.
    """
    found = played(
        shots(6), {"at_s": 1, "for_s": 1, "do": "subject_leaves"}, duration_s=3, loop=True
    )
    gone = [shot.frame.index for shot in found if shot.frame.status == StatusCode.NO_FACES_FOUND]

    assert [*range(10, 20), *range(40, 50)] == gone


def test_of_two_events_at_once_the_later_in_the_file_wins():
    """
    A frame has one status.
    """
    found = played(shots(1), {"at_s": 0, "do": "too_dark"}, {"at_s": 0, "do": "several_faces"})

    assert {StatusCode.MORE_THAN_ONE_FACE_FOUND} == {shot.frame.status for shot in found}


def test_motion_adds_nothing_to_what_is_not_measured():
    """
    None stays None.
    """
    found = played(shots(1), {"at_s": 0, "do": "motion"})

    assert {None} == {shot.frame.signals.phasic for shot in found}
    assert 10 == len({shot.frame.signals.pulse for shot in found})


def test_a_restart_comes_once_and_then_nothing_for_a_while():
    """
    Frames of that time are missed, as they are while a real server is away.
    """
    found = played(shots(3), {"at_s": 1, "for_s": 1, "do": "restart"})

    assert Restart(1.0) == found[10]
    assert [*range(10), *range(20, 30)] == [
        s.frame.index for s in found if isinstance(s, CapturedFrame)
    ]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (
            [{"at_s": 1, "do": "record", "session": "a"}, {"at_s": 2, "do": "stop_recording"}],
            [(True, "a"), (False, ""), (True, "a_2"), (False, "")],
        ),
        (
            [{"at_s": 1, "do": "record", "session": "a"}],
            [(True, "a"), (False, ""), (True, "a_2")],
        ),
        ([{"at_s": 1, "do": "stop_recording"}], []),
        (
            [{"at_s": 1, "do": "record"}, {"at_s": 2, "for_s": 0.5, "do": "restart"}],
            [(True, ""), (True, "")],
        ),
    ],
    ids=str,
)
def test_recordings_begin_and_end_with_their_turn(events, expected):
    """
    No turn writes into the session of another, and none stops what it did not begin.
    """
    calls = []
    played(shots(6), *events, duration_s=3, loop=True, calls=calls)

    assert expected == calls


def test_a_recording_that_is_refused_does_not_end_the_run():
    """
    Somebody records already: that is theirs.
    """
    assert 20 == len(played(shots(2), {"at_s": 1, "do": "record"}, refuse=True))


def test_recorded_envelopes_can_be_lost_and_others_pass():
    """
    What a session holds has no frames, but it can be missed.
    """
    envelopes = [RecordedEnvelope(n / 10, Outgoing("edge_metrics", b"%d" % n)) for n in range(50)]
    found = played(envelopes, {"at_s": 1, "for_s": 2, "do": "dropouts", "share": 1.0})

    assert envelopes[:10] + envelopes[30:] == found


def test_waiting_is_passed_on():
    """
    A capture that has nothing says so, scenario or not.
    """
    assert [NoFrame(StatusCode.OK)] == played(
        [NoFrame(StatusCode.OK)], {"at_s": 0, "do": "too_dark"}
    )


def grown(seconds, at_s, before, after, calls=None):
    """What is played when the timeline *before* is *after* from the frame at *at_s* on."""
    first, second = (
        scenario_of({"name": "x", "timeline": events}, "x.yml") for events in (before, after)
    )
    now = [first]
    told = []

    async def all_items():
        found = []
        async for item in capture.items():
            found.append(item)
            if isinstance(item, CapturedFrame) and item.frame.time_s >= at_s:
                now[0] = second
        return found

    def set_recording(recording, session):
        calls.append((recording, session))

    capture = ScenarioCapture(
        Given(shots(seconds)), first, set_recording, 1, lambda: now[0], told.append
    )
    found = asyncio.run(all_items())
    assert [second] == told
    return [item for item in found if isinstance(item, CapturedFrame)]


def test_an_event_that_is_added_holds_from_the_next_frame_on():
    """
    Also where it has begun by then; frames that are out stay as they were.
    """
    leaves = {"at_s": 1, "for_s": 2, "do": "subject_leaves"}
    found = grown(5, 2.0, [], [leaves])
    gone = [shot.frame.index for shot in found if shot.frame.status == StatusCode.NO_FACES_FOUND]

    assert [*range(21, 30)] == gone


def test_an_event_that_gets_its_end_is_over():
    """
    Who has left is back with the next frame.
    """
    leaves = {"at_s": 1, "do": "subject_leaves"}
    found = grown(5, 3.0, [leaves], [leaves | {"for_s": 1.5}])
    gone = [shot.frame.index for shot in found if shot.frame.status == StatusCode.NO_FACES_FOUND]

    assert [*range(10, 31)] == gone


def test_what_has_begun_is_not_begun_again():
    """
    A recording that was begun stays one, and what is added begins once.
    """
    calls = []
    record = {"at_s": 1, "do": "record", "session": "a"}
    grown(5, 2.0, [record], [record, {"at_s": 0.5, "do": "stop_recording"}], calls)

    assert [(True, "a"), (False, "")] == calls


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("synthetic", "synthetic"),
        ("replay", "replay"),
        ("camera", "synthetic"),
        ("upload", "synthetic"),
    ],
)
def test_a_live_picture_to_which_things_are_done_is_not_live(kind, told):
    """
    Nobody takes a scenario for a patient.
    """
    scenario = scenario_of({"name": "x"}, "x.yml")

    assert told == ScenarioCapture(Given([], kind), scenario, lambda *_: None, seed=1).kind
