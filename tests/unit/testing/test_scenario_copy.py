"""The file that a camera's server plays, and to which a test adds events."""

import pytest
import yaml

from services.physiology_server.scenarios.scenario_file import load_scenario
from vitalrig.errors import BadSettings
from vitalrig.installation import scenario_names
from vitalrig.testing.scenario_copy import ScenarioCopy


@pytest.fixture
def copy(tmp_path):
    def copy(source):
        return ScenarioCopy(source, tmp_path / "copy.yml")

    return copy


@pytest.mark.parametrize("name", ["", *scenario_names()])
def test_every_shipped_scenario_can_be_copied(copy, name):
    """
    A server can play it, and nobody but one that loops ends.
    """
    played = load_scenario(copy(name).path)

    assert (played.loop, None) == (played.duration_s is not None, played.seed)


def test_an_event_stands_behind_the_others_and_can_be_ended(copy):
    """
    So a server that plays the scenario can use what is new.
    """
    played = copy("apnea")
    event = played.add("dropouts", 12.3456, share=0.5)
    played.end(event, 20.0)
    added = load_scenario(played.path).timeline[-1]

    assert (12.346, 20.0, 0.5) == (added.at_s, added.end_s, added.share)
    assert [event] == played.added


def test_an_event_that_ends_at_once_lasts_a_moment(copy):
    """
    No event of a scenario lasts for nothing, or for less.
    """
    played = copy("")
    played.end(played.add("motion", 12.0), 11.9)

    assert 0 < load_scenario(played.path).timeline[0].for_s < 0.01


def test_an_event_that_cannot_be_used_is_taken_back(copy):
    """
    The one before it stays, also if it looks the same.
    """
    played = copy("")
    first, second = (played.add("motion", 12.0) for _ in range(2))
    played.take_back(second)

    assert [{"at_s": 12.0, "do": "motion"}] == yaml.safe_load(played.path.read_text())["timeline"]
    assert first is played.added[0]


@pytest.mark.parametrize(("at_s", "holds"), [(59.9, False), (60, True), (84.9, True), (85, False)])
def test_what_lasts_at_a_moment_is_found(copy, at_s, holds):
    """
    Such as an apnea of the scenario itself.
    """
    assert holds == (copy("apnea").holds("apnea", at_s) is not None)


@pytest.mark.parametrize(
    ("source", "words"),
    [("apneea", "did you mean apnea"), ("none/there.yml", "none/there.yml cannot be read")],
)
def test_a_scenario_that_is_not_there_is_said(copy, source, words):
    """
    With the nearest name, where it may be one.
    """
    with pytest.raises(BadSettings, match=words):
        copy(source)


@pytest.mark.parametrize("text", ["name: [", "- a\n", "timeline: soon\nname: x\n"])
def test_what_is_no_scenario_is_left_to_the_server(copy, tmp_path, text):
    """
    It says where the mistake is.
    """
    path = tmp_path / "odd.yml"
    path.write_text(text)
    with pytest.raises(BadSettings):
        load_scenario(copy(path).path)
