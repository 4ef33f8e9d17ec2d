"""Two servers that write one stream at the same time."""

import pytest

from tests.support.collecting import finished, lines, ready, view
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.running import running
from vitalrig.sessions.store.catalogue import find
from vitalrig.sessions.verification.verify import verify


@pytest.fixture
def second(client):
    return Publishing(client, run="run2")


def take_turns(first, second, rounds=20):
    for _ in range(rounds):
        first.edge(2)
        second.edge(3)


def test_the_recording_of_the_first_server_stays_whole(make, client, sessions, publishing, second):
    """
    What the second says of recording ends nothing; no number is falsely missing.
    """
    with running(make()):
        ready(client)
        publishing.start()
        second.stop()
        take_turns(publishing, second)
        publishing.stop()
        told = finished(sessions)

    assert (publishing.published, "complete") == (lines(sessions), told["verdict"])


def test_what_the_second_server_says_is_counted_and_said(
    make, client, sessions, publishing, second
):
    """
    Nothing is dropped in silence.
    """
    with running(make()):
        ready(client)
        publishing.start()
        take_turns(publishing, second)
        publishing.stop()
        told = finished(sessions)
        eventually(lambda: view(client)["counters"]["foreign"] == 60)

    remarks = [each.text for each in verify(find(sessions)[0]).findings]
    assert 60 == told["foreign_envelopes"]
    assert [
        "60 envelopes came meanwhile from another server under this prefix; they are not in it"
    ] == remarks


def test_a_conflict_of_two_servers_is_said_once(make, client, sessions, publishing, second, caplog):
    """
    In the log, and in what the exporter is told, with the runs by name.
    """
    with running(make()):
        ready(client)
        publishing.start()
        take_turns(publishing, second)
        publishing.stop()
        conflict = eventually(lambda: view(client)["conflict"])

    warned = [each for each in caplog.records if each.levelname in {"WARNING", "ERROR"}]
    assert ["run1", "run2"] == conflict
    assert ["two servers publish under this prefix; only the first is recorded"] == [
        each.message for each in warned
    ]


def test_live_numbers_are_those_of_one_server(make, client, sessions):
    """
    They do not alternate between two people under one label.
    """
    at_once = client.pipeline()  # on a busy machine the first would else seem silent meanwhile
    first, second = Publishing(at_once), Publishing(at_once, run="run2")

    def conflict():
        first.edge()
        second.edge()
        first.edge()
        at_once.execute()
        return view(client)["conflict"]

    with running(make()):
        ready(client)
        eventually(conflict, every_s=0.5)

        of_first = len(first.published)
        assert eventually(lambda: of_first == view(client)["envelopes"].get("edge_metrics"))


def test_when_the_first_server_falls_silent_the_second_is_recorded(
    make, client, sessions, publishing, second
):
    """
    Its own recording goes on, and says that its beginning is not there.
    """
    with running(make()):
        ready(client)
        publishing.start()
        second.start("second")
        take_turns(publishing, second)
        heard = len(second.published)
        second.edge(20)
        eventually(lambda: lines(sessions, "second"))
        second.edge(20)
        second.stop()
        told = finished(sessions, "second")

    assert second.published[heard - 3 :] == lines(sessions, "second")
    assert "its beginning was not heard" in told["verdict"]
    assert not finished(sessions)["complete"]
