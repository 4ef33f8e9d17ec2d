"""A camera whose folder cannot be made."""

import pytest

from tests.support.collecting import finished, lines, ready, view
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.running import running

PREFIXES = "ward,physiology"


@pytest.fixture
def ward(client):
    return Publishing(client, "ward", run="of the ward")


@pytest.fixture
def in_the_way(sessions):
    """A file where the camera's folder should be."""
    sessions.mkdir()
    path = sessions / "ward"
    path.write_text("")
    return path


def trouble(client):
    return view(client, "ward").get("recording", {}).get("paused", "")


def shown(client):
    return view(client, "ward").get("envelopes", {}).get("edge_metrics")


def test_a_camera_without_a_folder_costs_the_others_nothing(
    make, client, sessions, publishing, in_the_way
):
    """
    It is shown and said to be paused, and the one beside it is recorded.
    """
    with running(make(prefixes=PREFIXES)):
        ready(client)
        publishing.start()
        publishing.edge(20)
        publishing.stop()
        told = finished(sessions)
        why = eventually(lambda: trouble(client))

    assert (True, publishing.published) == (told["complete"], lines(sessions))
    assert why.startswith("its folder cannot be used: ")


def test_a_camera_without_a_folder_is_recorded_when_it_has_one(
    make, client, sessions, publishing, ward, in_the_way
):
    """
    From where the stream was: nothing that it keeps is lost, and nothing is shown twice.
    """
    with running(make(prefixes=PREFIXES)):
        ready(client)
        publishing.edge()
        ward.start()
        ward.edge(20)
        eventually(lambda: trouble(client) and shown(client) == 20)
        in_the_way.unlink()
        eventually(lambda: lines(sessions / "ward"))
        ward.edge(5)
        ward.stop()
        told = finished(sessions / "ward")
        eventually(lambda: shown(client) == 25 and not trouble(client))

    assert (True, ward.published) == (told["complete"], lines(sessions / "ward"))
