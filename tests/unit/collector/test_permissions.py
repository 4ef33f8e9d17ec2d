"""Who may read session files: what the collector says of it."""

import errno
import os
from pathlib import Path

import pytest

from services.collector.permissions import check_membership, warn_of_public_files


@pytest.fixture
def sessions(tmp_path):
    folder = tmp_path / "sessions"
    for camera in (folder, folder / "door"):
        camera.mkdir(mode=0o755)
        for name in ("metrics_old.jsonl", "metrics_old.json"):
            (camera / name).touch()
            (camera / name).chmod(0o644)
    return folder


def test_files_that_everyone_can_read_are_told_of_and_not_changed(sessions, caplog):
    """
    With how many they are, and the command that closes them.
    """
    before = {path: path.stat().st_mode for path in sessions.rglob("*")}
    warn_of_public_files(sessions)
    (record,) = caplog.records

    assert (4, f"chmod -R o-rwx '{sessions}'") == (record.files, record.remedy)
    assert before == {path: path.stat().st_mode for path in sessions.rglob("*")}


def test_files_in_a_folder_that_others_cannot_enter_are_nobodys_business(sessions, caplog):
    """
    They are out of reach whatever their own permissions say.
    """
    (sessions / "door").chmod(0o750)
    sessions.chmod(0o750)
    warn_of_public_files(sessions)

    assert [] == caplog.records


def test_a_folder_that_cannot_be_looked_through_costs_nobody_the_start(
    sessions, caplog, monkeypatch
):
    """
    The files of the other cameras are counted, and the collector starts.
    """
    iterate = Path.iterdir

    def fail_at_the_door(path):
        if path.name == "door":
            raise OSError(errno.EIO, "it cannot be read")
        return iterate(path)

    monkeypatch.setattr(Path, "iterdir", fail_at_the_door)
    warn_of_public_files(sessions)
    (record,) = caplog.records

    assert 2 == record.files


def test_a_group_without_the_collectors_user_is_refused(monkeypatch):
    """
    Files could not be given to it.
    """
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ValueError, match="is not in the group 54321"):
        check_membership("54321")
    check_membership(str(os.getegid()))
    check_membership("")
