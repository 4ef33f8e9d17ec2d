"""Whether a collector has a session open, found out without disturbing it."""

import fcntl

import pytest

from vitalrig.sessions.store import is_recording


@pytest.fixture(params=["by the kernel's list", "by trying"])
def is_being_recorded(request, monkeypatch, tmp_path):
    if request.param == "by trying":
        monkeypatch.setattr(is_recording, "_LOCKS", tmp_path / "no such list")
    elif not is_recording._LOCKS.exists():
        pytest.skip("this kernel has no list of locks")
    return is_recording.is_being_recorded


def test_a_file_with_a_writer_is_held(is_being_recorded, tmp_path):
    """
    As long as the writer has it open.
    """
    path = tmp_path / "metrics_now.jsonl"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        during = is_being_recorded(path)

    assert (True, False) == (during, is_being_recorded(path))


def test_a_file_without_a_writer_is_free(is_being_recorded, tmp_path):
    """
    Also one that is not there.
    """
    (tmp_path / "metrics_old.jsonl").write_text("")

    assert [False, False] == [
        is_being_recorded(tmp_path / name) for name in ("metrics_old.jsonl", "metrics_none.jsonl")
    ]
