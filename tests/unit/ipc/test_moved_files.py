"""Someone tidies up in the middle of a recording."""

import os
import shutil

import pytest

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    ManualClock,
    collector,
    document,
    edge,
    lines,
    names,
    recording,
    stream,
)


class DiskWithoutLinks(Disk):
    """A FAT file system, for example."""

    def link_open_file(self, descriptor, path):
        return False


def remove(folder):
    (folder / "metrics_x.jsonl").unlink()


def move(folder):
    (folder.parent / "away").mkdir()
    (folder / "metrics_x.jsonl").rename(folder.parent / "away" / "metrics_x.jsonl")


def replace(folder):
    (folder / "mine").write_bytes(b"an editor's own idea\n")
    (folder / "mine").rename(folder / "metrics_x.jsonl")


def remove_work(folder):
    shutil.rmtree(folder / ".metrics_x_work")


def remove_work_file(folder):
    next((folder / ".metrics_x_work").iterdir()).unlink()


def remove_folder(folder):
    shutil.rmtree(folder)


def move_folder(folder):
    folder.rename(folder.parent / "away")


HAPPENINGS = [remove, move, replace, remove_work, remove_work_file, remove_folder, move_folder]


@pytest.mark.parametrize("fsync", ["interval", "always", "never"])
@pytest.mark.parametrize("disk", [Disk(), DiskWithoutLinks()], ids=["links", "no links"])
@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda each: each.__name__)
def test_a_session_survives_whatever_is_done_to_its_files(tmp_path, happening, disk, fsync):
    """
    Removed, moved or replaced, one file or all: at the end everything is in its place.
    """
    clock = ManualClock()
    folder = tmp_path / "sessions"
    made = collector(folder, StorageOptions(clock=clock, disk=disk, fsync=fsync))
    made.set_session_id("x")
    sent = [recording(True), *stream(1_400)]
    made.process_envelopes(sent[:700])
    happening(folder)
    clock.advance(2.0)
    made.process_envelopes(sent[700:])
    clock.advance(2.0)
    made.tick()
    seen = made.get_current_snapshot()["series"]
    made.stop()
    summary = document(folder / "metrics_x.json")

    assert sent == lines(folder / "metrics_x.jsonl")
    assert document(folder / "metrics_x_manifest.json")["complete"]
    assert 1_200 == len(summary["series"][EDGE]["eda.trace"]["values"])
    assert seen == summary["series"]


@pytest.mark.parametrize(
    ("happening", "word"), [(remove, "removed"), (move, "moved"), (move_folder, "moved")]
)
def test_the_log_says_what_was_done(tmp_path, caplog, happening, word):
    """
    Whoever tidied up finds out that it was too early, once.
    """
    clock = ManualClock()
    folder = tmp_path / "sessions"
    made = collector(folder, StorageOptions(clock=clock))
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US)])
    happening(folder)
    for _ in range(3):
        made._sessions.writer.settle()
        clock.advance(2.0)
        made.tick()

    said = [message for message in caplog.messages if "it is back" in message]
    assert [f"someone {word} {folder / 'metrics_x.jsonl'} while it was written; it is back"] == said
    assert "open" == document(folder / "metrics_x_manifest.json")["state"]
    made.stop()


def test_what_was_put_in_the_files_place_is_kept(tmp_path):
    """
    It may be someone's work.
    """
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock))
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US)])
    for _ in range(2):
        replace(tmp_path)
        made._sessions.writer.settle()
        clock.advance(2.0)
        made.tick()
    made.stop()

    kept = [name for name in names(tmp_path) if "replaced" in name]
    assert ["metrics_x.jsonl.replaced", "metrics_x.jsonl.replaced_2"] == kept
    assert b"an editor's own idea\n" == (tmp_path / kept[1]).read_bytes()


def test_a_file_system_that_numbers_files_anew_is_no_alarm(tmp_path, caplog, monkeypatch):
    """
    There nobody can tell by its number whether a file was moved.
    """
    monkeypatch.setattr(os.path, "samestat", lambda *_both: False)
    clock = ManualClock()
    made = collector(tmp_path, StorageOptions(clock=clock))
    made.set_session_id("x")
    made.process_envelopes([recording(True), edge(START_US)])
    clock.advance(2.0)
    made.tick()
    made.stop()

    assert "it is back" not in caplog.text
    assert not [name for name in names(tmp_path) if "replaced" in name]
