"""Sessions found by folder, by name and by path."""

import json

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.sessions import golden_in, recorded
from vitalrig.sessions.errors import Missing
from vitalrig.sessions.store import catalogue


@pytest.fixture
def folder(tmp_path):
    golden_in(tmp_path / "sessions")
    return tmp_path / "sessions"


def test_a_session_is_listed_with_what_its_files_say(folder):
    """
    Without reading its data.
    """
    (found,) = catalogue.find(folder)

    assert catalogue.Entry(
        name="golden",
        camera="physiology",
        state="complete",
        source="synthetic",
        started_at_ms=1795235599472,
        duration_s=5.0,
        envelopes=177,
        samples=1040,
        size_bytes=121532,
        folder=str(folder),
    ) == catalogue.entry(found)


def test_a_cameras_sessions_are_in_its_folder(folder):
    """
    And are listed beside those of the others.
    """
    golden_in(folder / "door")

    assert [folder, folder / "door"] == [session.folder for session in catalogue.find(folder)]


def test_a_session_without_a_manifest_is_listed_by_its_summary(folder):
    """
    The vendor's collector writes none.
    """
    (folder / "metrics_golden_manifest.json").unlink()
    entry = catalogue.entry(catalogue.find(folder)[0])

    assert ("no manifest", 177, 1040, 5.0) == (
        entry.state, entry.envelopes, entry.samples, entry.duration_s,
    )  # fmt: skip


def test_a_session_that_is_being_recorded_is_listed_as_such(folder):
    """
    It is not called interrupted while its collector has it open.
    """
    collector = MetricsCollector(MetricsCollectorConfig(output_jsonl_path=folder / "metrics.jsonl"))
    collector.start()
    collector.set_session_id("now")
    collector.set_recording_state(True)

    during = catalogue.state_of(catalogue.resolve("now", folder))
    collector.stop()
    after = catalogue.state_of(catalogue.resolve("now", folder))

    assert ("recording", "complete") == (during, after)


def test_a_session_whose_collector_died_is_interrupted(folder):
    """
    Its manifest still says open, and nobody has it open.
    """
    manifest = folder / "metrics_golden_manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"state": "open"}))

    assert "interrupted" == catalogue.state_of(catalogue.find(folder)[0])


@pytest.mark.parametrize(
    "which",
    [
        "golden",
        "metrics_golden",
        "physiology/golden",
        "{folder}/metrics_golden.json",
        "{folder}/metrics_golden.jsonl",
        "{folder}/metrics_golden_manifest.json",
    ],
)
def test_a_session_is_meant_by_its_name_or_by_any_of_its_files(folder, which):
    """
    Whatever is at hand.
    """
    found = catalogue.resolve(which.format(folder=folder), folder)

    assert sorted(path.name for path in found.all()) == [
        "metrics_golden.json", "metrics_golden.jsonl", "metrics_golden_manifest.json",
    ]  # fmt: skip


def test_a_name_that_two_cameras_have_is_asked_about(folder):
    """
    With the names that tell them apart, which then work.
    """
    recorded(folder, "same")
    recorded(folder / "door", "same")
    manifest = folder / "door" / "metrics_same_manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"redis_prefix": "door"}))

    with pytest.raises(Missing, match="physiology/same, door/same"):
        catalogue.resolve("same", folder)
    assert folder / "door" == catalogue.resolve("door/same", folder).folder


@pytest.mark.parametrize(
    ("which", "says"),
    [("other", "sessions list"), ("gone.json", "not a file"), ("{folder}/notes.txt", "end in")],
)
def test_what_is_not_there_is_said(folder, which, says):
    """
    Together with what to do next.
    """
    (folder / "notes.txt").write_text("")

    with pytest.raises(Missing, match=says):
        catalogue.resolve(which.format(folder=folder), folder)


def test_a_folder_that_is_not_there_is_said(tmp_path):
    """
    A mistyped folder is not a folder without sessions.
    """
    with pytest.raises(Missing, match="--sessions-folder"):
        catalogue.find(tmp_path / "none")
