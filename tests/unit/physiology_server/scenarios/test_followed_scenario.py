"""A scenario that grows while it plays."""

import logging

import pytest
import yaml

from services.physiology_server.app import open_scenario
from services.physiology_server.scenarios.followed_scenario import FollowedScenario
from services.physiology_server.settings import Settings
from vitalrig.clock import ManualClock
from vitalrig.errors import BadSettings

LEAVES = {"at_s": 5, "do": "subject_leaves"}
DARK = {"at_s": 9, "for_s": 1, "do": "too_dark"}


class Follower:
    """A scenario's file, and who follows it."""

    def __init__(self, folder, *events):
        self.path = folder / "x.yml"
        self.clock = ManualClock()
        self.write(*events)
        self.followed = FollowedScenario(self.path, self.clock)

    def write(self, *events, **keys):
        partial = self.path.with_suffix(".part")
        partial.write_text(yaml.safe_dump({"name": "x", "timeline": list(events)} | keys))
        partial.replace(self.path)

    def look(self, after_s=0.1, check=lambda _scenario: None):
        self.clock.advance(after_s)
        return [event.do for event in self.followed.look(check).timeline]


@pytest.fixture
def follower(tmp_path):
    return Follower(tmp_path, LEAVES)


def test_an_event_that_is_added_to_the_file_is_there(follower):
    """
    Without a restart of the server.
    """
    assert ["subject_leaves"] == follower.look()
    follower.write(LEAVES, DARK)

    assert ["subject_leaves", "too_dark"] == follower.look()


def test_the_file_is_looked_at_twenty_times_a_second_at_most(follower):
    """
    However fast frames come.
    """
    follower.look()
    follower.write(LEAVES, DARK)

    assert ["subject_leaves"] == follower.look(after_s=0.049)
    assert ["subject_leaves", "too_dark"] == follower.look(after_s=0.002)


def test_a_lasting_event_may_get_its_end(follower):
    """
    Who has left comes back.
    """
    follower.write(LEAVES | {"for_s": 3})
    follower.look()

    assert 8 == follower.followed.scenario.timeline[0].end_s


@pytest.mark.parametrize(
    ("events", "keys", "why"),
    [
        ([], {}, "timeline: event 1 cannot be taken back"),
        ([DARK, LEAVES], {}, "event 1 (too_dark): of what is there only for_s can change"),
        ([LEAVES | {"at_s": 6}], {}, "event 1 (subject_leaves): of what is there only"),
        ([LEAVES], {"seed": 2}, "seed: cannot change while it plays"),
        ([LEAVES, {"at_s": 6, "do": "sleep"}], {}, "event 2, do: 'sleep' is not an effect"),
        ([LEAVES], {"fps": "many"}, "fps: "),
    ],
)
def test_a_change_that_cannot_be_used_is_logged_once(follower, caplog, events, keys, why):
    """
    The scenario stays as it was, and the next change counts again.
    """
    follower.write(*events, **keys)
    with caplog.at_level(logging.WARNING):
        found = [follower.look() for _ in range(3)]
    follower.write(LEAVES, DARK)

    assert [["subject_leaves"]] * 3 == found
    assert ["the changed scenario cannot be used"] == caplog.messages
    assert why in caplog.records[0].why
    assert ["subject_leaves", "too_dark"] == follower.look()


def test_a_file_that_is_gone_for_a_while_is_logged_once(follower, caplog):
    """
    An editor may take it away before it writes it anew.
    """
    follower.path.unlink()
    with caplog.at_level(logging.WARNING):
        found = [follower.look() for _ in range(3)]
    follower.write(LEAVES, DARK)

    assert [["subject_leaves"]] * 3 == found
    assert ["the changed scenario cannot be used"] == caplog.messages
    assert ["subject_leaves", "too_dark"] == follower.look()


def test_what_the_source_cannot_do_is_refused_as_at_the_start(follower, caplog):
    """
    Such as an apnea in a recording.
    """

    def refuse(_scenario):
        raise BadSettings("a recording cannot hold its breath")

    follower.write(LEAVES, {"at_s": 9, "do": "apnea"})
    with caplog.at_level(logging.WARNING):
        assert ["subject_leaves"] == follower.look(check=refuse)

    assert "a recording cannot hold its breath" == caplog.records[0].why


def test_without_a_scenario_there_is_none_to_read_again():
    """
    The server says so before it starts.
    """
    with pytest.raises(BadSettings, match="scenario_reload: there is no scenario"):
        open_scenario(Settings(scenario_reload=True), ManualClock())
