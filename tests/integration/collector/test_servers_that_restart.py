"""A server that ends in a session, and the one that comes after it."""

import time

import pytest

from services.collector.checkpoints import FILE_NAME
from services.collector.recorder import CUT_OFF
from services.collector.sequence_tracker import RESTARTED
from services.collector.transport.continuity import HOLE, HOLE_US
from tests.support.collecting import finished, lines, manifest, ready
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.running import running
from tests.support.server_process import ServerProcess
from vitalrig.sessions.store import catalogue


def after(client, publishing, *, knows=True, lost=0):
    """The server's next run; it may know the last number of the one before."""
    follows = f"run1:{publishing.seq + lost}" if knows else ""
    return Publishing(client, run="run2", follows=follows)


def recorded(sessions, *servers, name="first"):
    wanted = [envelope for server in servers for envelope in server.published]
    return eventually(lambda: lines(sessions, name) == wanted)


def state(sessions, name="first"):
    return {each.name: catalogue.state_of(each) for each in catalogue.find(sessions)}[name]


@pytest.fixture
def begun(client, publishing):
    """A server that began a session and will never say anything again."""

    def begin():
        ready(client)
        publishing.start()
        publishing.edge(20)
        return publishing

    return begin


def test_a_restarted_server_that_does_not_record_leaves_the_session_interrupted(
    make, client, sessions, begun
):
    """
    Only the run that began a session ends it as complete.
    """
    with running(make()):
        killed = begun()
        next_run = after(client, killed, knows=False)
        next_run.stop()
        told = finished(sessions)

    assert recorded(sessions, killed, next_run)
    assert (False, {CUT_OFF: 1}, "interrupted") == (
        told["complete"],
        told["cut_off"],
        state(sessions),
    )
    assert RESTARTED in told["verdict"]


def test_a_session_is_interrupted_also_if_nothing_is_missing(make, client, sessions, begun):
    """
    It was to go on; that it did not is said.
    """
    with running(make()):
        killed = begun()
        next_run = after(client, killed)
        next_run.stop()
        told = finished(sessions)

    assert (f"not complete: interrupted ({CUT_OFF})", "interrupted") == (
        told["verdict"],
        state(sessions),
    )


def test_a_session_that_is_taken_up_again_with_nothing_missing_is_complete(
    make, client, sessions, begun
):
    """
    Numbers prove it, and the run that took it up ends it.
    """
    with running(make()):
        killed = begun()
        next_run = after(client, killed)
        next_run.start()
        next_run.edge(20)
        next_run.stop()
        told = finished(sessions)

    assert recorded(sessions, killed, next_run)
    assert ("complete", "complete") == (told["verdict"], state(sessions))


def test_a_session_that_is_taken_up_again_counts_what_the_crash_cost(make, client, sessions, begun):
    """
    Exactly what the run before made and nobody got.
    """
    with running(make()):
        killed = begun()
        next_run = after(client, killed, lost=7)
        next_run.start()
        next_run.stop()
        told = finished(sessions)

    assert (7, False) == (told["gaps"]["missing_envelopes"], told["complete"])


def test_a_session_that_is_taken_up_again_says_that_something_may_be_missing(
    make, client, sessions, begun
):
    """
    How much is unknown; in how long a time it was made is not.
    """
    with running(make()):
        killed = begun()
        next_run = after(client, killed, knows=False)
        next_run.start()
        next_run.edge(20)
        next_run.stop()
        told = finished(sessions)

    assert recorded(sessions, killed, next_run)
    assert ({RESTARTED}, False, {}) == (
        set(told["gaps"]["by_reason"]),
        told["complete"],
        told["cut_off"],
    )


def test_a_restarted_server_that_records_another_session_leaves_the_first_interrupted(
    make, client, sessions, begun
):
    """
    The second one is whole.
    """
    with running(make()):
        killed = begun()
        next_run = after(client, killed)
        next_run.start("second")
        next_run.edge(20)
        next_run.stop()
        told = finished(sessions, "second")

    assert recorded(sessions, killed)
    assert recorded(sessions, next_run, name="second")
    assert (True, "interrupted") == (told["complete"], state(sessions))


@pytest.mark.parametrize("forgets", [False, True])
def test_a_server_that_restarts_together_with_the_collector_does_not_complete_the_session(
    make, client, sessions, begun, forgets
):
    """
    Whose session it is outlives the collector, and also the loss of its positions.
    """
    with running(make()):
        killed = begun()
        recorded(sessions, killed)
    if forgets:
        (sessions / FILE_NAME).unlink()
    next_run = after(client, killed)
    next_run.edge(5)
    with running(make()):
        recorded(sessions, killed, next_run)
        next_run.stop()
        recorded(sessions, killed, next_run)
        told = finished(sessions)

    assert (False, {CUT_OFF: 1}) == (told["complete"], told["cut_off"])


def test_a_session_in_which_the_collector_was_stopped_is_not_complete(
    make, client, sessions, begun
):
    """
    Unless a collector is started again and goes on in it.
    """
    with running(make()):
        killed = begun()
        recorded(sessions, killed)

    assert ("interrupted", False) == (state(sessions), manifest(sessions)["complete"])


def test_a_collector_that_restarts_between_two_words_of_the_next_run_knows_whose_the_session_is(
    make, client, sessions, begun
):
    """
    The last that it took is of the next run already.
    """
    with running(make()):
        killed = begun()
        next_run = after(client, killed)
        next_run.edge(5)
        recorded(sessions, killed, next_run)
    with running(make()):
        next_run.stop()
        told = finished(sessions)

    assert recorded(sessions, killed, next_run)
    assert {CUT_OFF: 1} == told["cut_off"]


def test_a_session_whose_stop_was_not_heard_is_not_complete(make, client, sessions, publishing):
    """
    Another one begins; the numbers say that the stop was lost, and so does the manifest.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(5)
        publishing.start("second")
        publishing.stop()
        finished(sessions, "second")

    assert "its end was not heard" in manifest(sessions)["verdict"]


@pytest.mark.parametrize("how", ["auto", "pubsub"])
def test_a_server_without_numbers_that_is_killed_and_says_stop_leaves_no_complete_session(
    make, client, redis_server, sessions, tmp_path, how
):
    """
    A server that only publishes says nothing of what it lost; the hole in its stamps does.
    """
    only_publishes = {"stream_max_entries": 0, "pulse_rate": 80}
    with running(make(transport=how)):
        killed = ServerProcess(tmp_path, redis_server.port, 1, **only_publishes).ready()
        killed.record("first")
        eventually(lambda: len(lines(sessions)) > 60)
        killed.kill()
        back_at_s = time.monotonic() + HOLE_US / 1e6  # elsewhere a server takes longer to start
        eventually(lambda: time.monotonic() > back_at_s)
        again = ServerProcess(tmp_path, redis_server.port, 2, **only_publishes).ready()
        again.record("", recording=False)
        told = finished(sessions)
        again.stop()

    assert not told["complete"]
    assert HOLE in told["gaps"]["by_reason"]
