"""The file backend's own promises, beside those that all backends share."""

import asyncio
import logging
import os
import subprocess
import sys

import pytest

from services.physiology_server.envelopes import Numbered, Outgoing
from services.physiology_server.publishing.backends.file.file_backend import FileBackend
from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.backends.file.output_folder import OutputFolder
from vitalrig.errors import BadSettings, CannotStart, Unavailable
from vitalrig.service.heartbeats import ServiceHeartbeats


class Rig:
    """A backend in a folder; each call is a run of its own loop."""

    def __init__(self, folder, **keys):
        self.folder = folder
        self.beats = ServiceHeartbeats("probe")
        self.backend = FileBackend(FileConfig(base_directory=str(folder), **keys), self.beats)

    def send(self, *numbered):
        asyncio.run(self.backend.send(numbered))

    def close(self):
        asyncio.run(self.backend.close())

    def names(self):
        return sorted(path.name for path in self.folder.iterdir() if path.name[0] != ".")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def rig(folder):
    made = []

    def rig(**keys):
        made.append(Rig(folder, **keys))
        return made[-1]

    yield rig
    for each in made:
        each.close()


def numbered(seq, kind="core_metrics", envelope=b"{}"):
    return Numbered(seq, Outgoing(kind, envelope))


def picture(jpeg=b"jpeg"):
    return Numbered(0, Outgoing("frame", b"{}", jpeg))


def test_every_file_is_there_from_the_start(rig):
    """
    A reader may open them before the first envelope.
    """
    expected = ["core_metrics", "edge_metrics", "recording_state", "status"]

    assert [f"{name}.jsonl" for name in expected] == rig().names()


def test_recording_states_have_a_file_only_if_wanted(rig, folder):
    """
    The vendor has four outputs; the fifth is ours.
    """
    files = rig(write_recording_state=False)
    files.send(numbered(1, "recording_state"))

    assert not (folder / "recording_state.jsonl").exists()


@pytest.mark.parametrize(("truncate", "left"), [(True, b""), (False, b"old\n")], ids=["yes", "no"])
def test_files_of_before_are_emptied_if_wanted(rig, folder, truncate, left):
    """
    truncate_on_init.
    """
    folder.mkdir()
    (folder / "status.jsonl").write_bytes(b"old\n")
    rig(truncate_on_init=truncate)

    assert left == (folder / "status.jsonl").read_bytes()


def test_a_missing_folder_that_is_not_to_be_made_is_said(folder):
    """
    With both ways out of it.
    """
    with pytest.raises(BadSettings, match="make it, or set create_if_missing to true"):
        Rig(folder, create_if_missing=False)


def test_a_second_server_in_the_same_folder_is_refused(rig, folder):
    """
    By name, before it empties the first one's files.
    """
    first = rig()
    first.send(numbered(1))
    with pytest.raises(CannotStart, match=f"in use by the server with process id {os.getpid()}"):
        Rig(folder)

    assert b"{}\n" == (folder / "core_metrics.jsonl").read_bytes()


def test_a_server_may_follow_one_that_has_ended(rig, folder):
    """
    Also if it did not end well: the system frees the lock of a dead process.
    """
    code = (
        "import os\n"
        "from pathlib import Path\n"
        "from services.physiology_server.publishing.backends.file.output_folder import OwnFolder\n"
        f"OwnFolder(Path({str(folder)!r}), create=True, lock=True).ensure(); os._exit(1)"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=False, env={**os.environ, "PYTHONPATH": "libs:."}
    )

    assert rig().names()


def test_without_locking_nobody_is_refused(rig, folder):
    """
    use_file_locking is false, for file systems without locks.
    """
    rig(use_file_locking=False)

    assert rig(use_file_locking=False).names()


def test_a_folder_that_cannot_be_written_to_is_said_at_the_start(tmp_path):
    """
    Rather than at the first envelope.
    """
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotStart, match="file backend"):
        Rig(tmp_path / "file" / "out")


def test_a_folder_that_vanished_is_made_anew(rig, folder, tmp_path):
    """
    A removed folder costs what was in it, and nothing that comes later.
    """
    files = rig()
    files.send(numbered(1))
    folder.rename(tmp_path / "gone")
    files.send(numbered(2, envelope=b"[2]"))

    assert b"[2]\n" == (folder / "core_metrics.jsonl").read_bytes()


def test_a_folder_that_was_made_anew_is_locked_anew(rig, folder, tmp_path):
    """
    The old lock went away with the old folder.
    """
    files = rig()
    folder.rename(tmp_path / "gone")
    files.send(numbered(1))

    with pytest.raises(CannotStart, match="in use"):
        Rig(folder)


def test_the_lock_of_the_folder_before_is_given_up(rig, folder, tmp_path):
    """
    Whoever moved it away may use it.
    """
    files = rig()
    folder.rename(tmp_path / "moved")
    files.send(numbered(1))
    moved = Rig(tmp_path / "moved")
    moved.close()

    assert "status.jsonl" in moved.names()


def test_a_folder_that_vanished_is_an_absence_if_it_is_not_to_be_made(rig, folder, tmp_path):
    """
    A disk that is not mounted must not be replaced by a folder on another one.
    """
    folder.mkdir()
    files = rig(create_if_missing=False)
    files.send(numbered(1))
    folder.rename(tmp_path / "gone")
    with pytest.raises(Unavailable, match="does not exist"):
        files.send(numbered(2))

    assert not folder.exists()


def test_a_folder_that_another_server_took_meanwhile_is_an_absence(rig, folder, tmp_path):
    """
    Two never write to the same files.
    """
    files = rig()
    folder.rename(tmp_path / "gone")
    other = OutputFolder(folder, create=True, lock=True)
    other.ensure()
    with pytest.raises(Unavailable, match="in use by"):
        files.send(numbered(1))
    other.let_go()


def test_a_batch_of_which_a_part_arrived_is_completed_without_repeating_it(rig, folder):
    """
    One file may fail where another did not.
    """
    files = rig()
    (folder / "status.jsonl").unlink()
    (folder / "status.jsonl").mkdir()
    batch = [numbered(1), numbered(2, "status", b"[2]"), numbered(3, envelope=b"[3]")]
    with pytest.raises(Unavailable):
        files.send(*batch)
    (folder / "status.jsonl").rmdir()
    files.send(*batch)

    assert (b"{}\n[3]\n", b"[2]\n") == (
        (folder / "core_metrics.jsonl").read_bytes(),
        (folder / "status.jsonl").read_bytes(),
    )


def test_a_picture_that_cannot_be_written_holds_no_line_up(rig, folder):
    """
    It is counted; measurements come first.
    """
    files = rig()
    (folder / "latest.jpg").mkdir()
    files.send(numbered(1), picture())

    assert (b"{}\n", 1) == (
        (folder / "core_metrics.jsonl").read_bytes(),
        files.beats.report()["counters"]["pictures_unwritable"],
    )


def test_a_frame_without_its_picture_is_counted(rig):
    """
    Such as one from a recorded session.
    """
    files = rig()
    files.send(Numbered(0, Outgoing("frame", b"{}")))

    assert 1 == files.beats.report()["counters"]["pictures_unwritable"]


def test_an_envelope_with_line_breaks_is_still_one_line(rig, folder):
    """
    A recorded session may hold readable JSON; in JSON a line break is only whitespace.
    """
    rig().send(numbered(1, envelope=b'{\n"type":1}'))

    assert b'{ "type":1}\n' == (folder / "core_metrics.jsonl").read_bytes()


def test_after_closing_nothing_is_taken(rig):
    """
    An envelope that cannot be written is not called sent.
    """
    files = rig()
    files.close()
    with pytest.raises(Unavailable, match="closed"):
        files.send(numbered(1))


@pytest.mark.parametrize(("wanted", "lines"), [(True, 1), (False, 0)], ids=["on", "off"])
def test_debug_logging_logs_every_batch(rig, caplog, wanted, lines):
    """
    enable_debug_logging, at the usual level of the log.
    """
    with caplog.at_level(logging.INFO):
        rig(enable_debug_logging=wanted).send(numbered(1))

    assert lines == len([record for record in caplog.records if "batch" in record.message])
