"""Cameras of a rig, as a test of another team has them."""

import asyncio
import re
from itertools import pairwise

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.errors import BadSettings
from vitalrig.signal_state import STATES
from vitalrig.testing.harness_errors import HarnessError, NotReady
from vitalrig.testing.rig import Rig

LONG_S = PATIENCE_S
FAST = 30
"""Seconds of the camera in one second, where nothing has to be done while something lasts."""


@pytest.fixture(scope="module")
def rig():
    with Rig.start_rig() as rig:
        rig.wait_ready(LONG_S)
        yield rig


@pytest.fixture(scope="module")
def idle_camera(rig):
    """One for all tests that it does not come to do anything for."""
    camera = rig.camera()
    yield camera
    camera.stop()


@pytest.fixture
def camera(rig):
    """Make cameras, which end with the test."""
    cameras = []

    def camera(*given, **named):
        cameras.append(rig.camera(*given, **named))
        return cameras[-1]

    yield camera
    for each in cameras:
        each.stop()


def test_an_apnea_is_seen_and_recorded(camera):
    """
    The example that the documentation begins with.
    """
    subject = camera("apnea", seed=3, speed=FAST)
    subject.expect(breathing="valid", within=LONG_S)
    subject.expect(breathing="held", within=LONG_S)
    session = subject.record(seconds=60)

    session.assert_complete().assert_balanced()
    assert "apnea_1" == session.id
    trace = session.series["pulse.trace"].timestamps_us
    assert 59 < (trace[-1] - trace[0]) / 1e6


def test_what_passed_before_anybody_asked_is_seen(camera):
    """
    An expectation looks at every moment since the one before, not at the present.
    """
    subject = camera("subject_leaves", speed=FAST)
    eventually(lambda: subject.time_s > 60)

    assert "valid" == subject.state("pulse")
    for state in ("valid", "lost", "stale", "valid"):
        subject.expect(pulse=state, within=0)


def test_a_person_leaves_and_returns(camera):
    """
    Each is done when the call returns.
    """
    subject = camera(speed=FAST).expect(pulse="valid", within=LONG_S)
    subject.leave()
    gone = [subject.state(signal) for signal in ("pulse", "breathing", "eda")]
    subject.expect(pulse="lost", within=0).return_()
    back = subject.state("pulse")
    subject.expect(pulse="valid", within=LONG_S)

    assert ["lost"] * 3 == gone
    assert "lost" != back


def test_who_is_away_cannot_leave_and_who_is_there_cannot_return(camera):
    """
    One line each, with what to do.
    """
    subject = camera(speed=10)
    with pytest.raises(HarnessError, match=r"call leave\(\) first"):
        subject.return_()
    subject.leave()

    with pytest.raises(HarnessError, match=r"call return_\(\) first"):
        subject.leave()


def test_a_person_gets_other_rates(camera):
    """
    A held breath ends with that, and the numbers follow.
    """
    subject = camera(speed=FAST)
    eventually(lambda: subject.time_s > 45)  # what breathing looks like here is known by then
    subject.begin("apnea")
    subject.expect(breathing="held", within=LONG_S)
    subject.set(pulse_rate=100, breathing_rate=22)

    assert eventually(lambda: abs(subject.value("pulse") - 100) < 2)
    subject.expect(breathing="valid", within=LONG_S)
    assert eventually(lambda: abs(subject.value("breathing") - 22) < 2)


def test_frames_have_the_new_rate_when_set_has_returned(camera):
    """
    Breaths are counted in the traces that come from then on.
    """
    subject = camera(speed=FAST, breathing_rate=10)
    since_s = subject.set(breathing_rate=40).time_s
    eventually(lambda: subject.time_s > since_s + 31)
    chest = [
        sample["value"]
        for each in subject.envelopes()
        if each["type"] == "edge_metrics"
        for sample in each["payload"]["breathing"]["upper_trace"]
        if since_s <= sample["time"] < since_s + 30
    ]
    middle = (max(chest) + min(chest)) / 2

    assert 18 <= sum(a < middle <= b for a, b in pairwise(chest)) <= 22


def test_a_tachycardia_is_not_interrupted(camera):
    """
    The server says why a rate cannot be set.
    """
    subject = camera("tachycardia", speed=10)
    eventually(lambda: subject.time_s > 25)

    with pytest.raises(HarnessError, match=r"event 1 \(tachycardia\) is not over then"):
        subject.set(pulse_rate=80)


@pytest.mark.parametrize("call", ["set", "expect"])
def test_a_call_that_says_nothing_is_a_mistake(idle_camera, call):
    """
    As a word without its name is.
    """
    with pytest.raises(HarnessError, match="needs a"):
        getattr(idle_camera, call)()


def test_what_is_begun_goes_on_until_it_is_ended(camera):
    """
    Any effect of a scenario, such as damaged envelopes.
    """
    subject = camera(speed=FAST).expect(pulse="valid", within=LONG_S)
    damage = subject.begin("malformed", share=1.0)
    subject.expect(pulse="stale", within=LONG_S)
    subject.end(damage)

    subject.expect(pulse="valid", within=LONG_S)


def test_an_effect_that_the_server_does_not_know_is_said(camera):
    """
    With the nearest name, and the camera goes on as before.
    """
    subject = camera(speed=10)
    with pytest.raises(HarnessError, match=r"'motoin' is not an effect; did you mean motion\?"):
        subject.begin("motoin")

    subject.leave()


def test_recordings_are_begun_and_ended_by_hand(camera):
    """
    Also from a test that has an event loop of its own.
    """
    subject = camera(speed=10)

    async def record():
        subject.start_recording("by_hand")
        return subject.stop_recording()

    session = asyncio.run(record())

    assert "by_hand" == session.id
    session.assert_complete().assert_balanced()


def test_nothing_is_recorded_without_a_start(camera):
    """
    And what the server refuses, it says.
    """
    subject = camera()
    with pytest.raises(HarnessError, match="nothing was recorded"):
        subject.stop_recording()
    subject.start_recording("one")

    with pytest.raises(HarnessError, match="session one is being recorded"):
        subject.start_recording("another")


def test_a_balance_counts_copies_and_what_was_damaged(camera):
    """
    Published is what the numbers of the stream say, whatever the envelopes are.
    """
    subject = camera(speed=FAST)
    subject.begin("duplicates", share=0.3)
    subject.begin("malformed", share=0.2)
    session = subject.record(seconds=20)

    session.assert_balanced()
    with pytest.raises(AssertionError, match="is not complete"):
        session.assert_complete()


def test_a_server_that_is_killed_goes_on_in_the_same_recording(camera):
    """
    What was published before and after is kept, and the person's time goes on.
    """
    subject = camera(speed=10)
    subject.start_recording("killed")
    subject.process.kill()
    before_s = subject.time_s
    subject.process.start()
    eventually(lambda: subject.time_s > before_s + 5)
    session = subject.stop_recording()

    assert "killed" == session.id
    session.assert_balanced()
    assert subject.leave().state("pulse") == "lost"


def test_envelopes_are_given_as_they_were_published(camera):
    """
    In order, from the first on.
    """
    subject = camera(speed=10)
    eventually(lambda: subject.time_s > 5)
    found = subject.envelopes()

    assert {"status", "recording_state", "edge_metrics", "core_metrics"} == {
        envelope["type"] for envelope in found
    }
    stamps = [each["timestamp"] for each in found if each["type"] == "edge_metrics"]
    assert sorted(stamps) == stamps


def test_what_does_not_come_is_said_with_what_came_instead(camera):
    """
    States with their times, the scenario, the seed, and how to see it again.
    """
    subject = camera("subject_leaves", seed=7, speed=FAST)
    eventually(lambda: subject.time_s > 45)
    with pytest.raises(AssertionError) as failed:
        subject.expect(pulse="held", within=0)
    text = str(failed.value)

    assert "did not come to pulse=held within 0 s" in text
    assert re.search(r"pulse: .*valid at 12\.\d s, lost at 20\.\d s, .*valid at 4\d\.\d s", text)
    assert "scenario subject_leaves, seed 7, speed 30" in text
    assert (
        "again: python -m vitalrig.testing serve --scenario subject_leaves --seed 7 --speed 30"
        in text
    )


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"breathng": "valid"}, "there is no signal 'breathng'; did you mean breathing?"),
        ({"pulse": "vaild"}, "there is no state 'vaild'; did you mean valid?"),
        ({"pulse": "xyz"}, f"there is no state 'xyz'; there are {', '.join(STATES)}"),
    ],
)
def test_a_name_that_nobody_knows_is_answered_with_the_nearest(idle_camera, wanted, words):
    """
    At once, before anything is waited for.
    """
    with pytest.raises(HarnessError) as refused:
        idle_camera.expect(**wanted)

    assert words == str(refused.value)


def test_an_unknown_scenario_is_answered_with_the_nearest(rig):
    """
    Before a server is started.
    """
    with pytest.raises(BadSettings, match="did you mean apnea"):
        rig.camera("apneea")


def test_an_unknown_setting_is_answered_with_the_nearest(rig):
    """
    The server itself would pass it over.
    """
    with pytest.raises(HarnessError, match="no setting sped; did you mean speed"):
        rig.camera(sped=10)


def test_a_setting_that_cannot_work_is_said_by_the_servers_log(rig):
    """
    The error has its last lines.
    """
    with pytest.raises(NotReady, match="pulse_rate: Input should be less than or equal to 190"):
        rig.camera(pulse_rate=1000)


def test_a_server_that_has_ended_is_said_so(camera):
    """
    Rather than waited for.
    """
    subject = camera()
    subject.process.kill()

    with pytest.raises(NotReady, match="signal 9 ended it"):
        subject.expect(pulse="valid", within=LONG_S)


def test_a_camera_that_was_stopped_leaves_the_rig_ready(rig, camera):
    """
    It was the test's, and the test is done with it.
    """
    camera().stop()

    rig.wait_ready(LONG_S)


def test_a_scenario_that_loops_takes_no_further_events(camera):
    """
    They would come again in each turn.
    """
    with pytest.raises(HarnessError, match="take one without loop"):
        camera("bad_day", speed=10).leave()


def test_a_camera_can_be_had_in_a_rig_that_runs_already():
    """
    It brings a collector for its sessions along.
    """
    with Rig.start_redis() as other:
        other.wait_ready(LONG_S)
        with Rig.at(other.redis_url) as rig:
            session = rig.camera(speed=10).record(seconds=5)

            session.assert_complete().assert_balanced()
