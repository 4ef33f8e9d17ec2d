"""Recordings are of people: who may read their files."""

import os
import stat
import subprocess
import sys
import textwrap

import pytest

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from tests.unit.ipc.making import START_US, collector, edge, recording


@pytest.fixture(autouse=True)
def open_umask():
    """A umask that forbids nothing shows what is asked for."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(folder):
    """The permissions of all that is in *folder*, and of itself."""
    found = [folder, *folder.rglob("*")]
    return {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in found if path.exists()}


def record(folder, **storage):
    made = collector(folder, StorageOptions(**storage), append_mode=True)
    made.set_session_id("x")
    made.process_envelopes([recording(True), *(edge(START_US + n) for n in range(600))])
    return made


def test_session_files_are_for_their_user_and_the_group(tmp_path):
    """
    While it is recorded and after, work files, lock and all; folders too.
    """
    folder = tmp_path / "data" / "sessions"
    made = record(folder)
    made.write_snapshot_temp()
    during = modes(tmp_path / "data")
    made.stop()
    with (folder / "metrics_x.jsonl").open("ab") as file:
        file.write(b"half a line")
    record(folder).stop()

    assert {(True, 0o750), (False, 0o640)} == during | modes(tmp_path / "data")


def test_what_is_there_keeps_its_permissions(tmp_path):
    """
    They may be meant.
    """
    folder = tmp_path / "sessions"
    folder.mkdir(0o777)
    record(folder).stop()
    (folder / "metrics_x.jsonl").chmod(0o644)
    record(folder).stop()

    assert 0o777 == stat.S_IMODE(folder.stat().st_mode)
    assert 0o644 == stat.S_IMODE((folder / "metrics_x.jsonl").stat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is in every group")
def test_a_group_that_is_asked_for_is_given_all_that_is_new(tmp_path):
    """
    By its number here; names are looked up.
    """
    folder = tmp_path / "sessions"
    record(folder, disk=Disk("12345")).stop()
    paths = [folder, *folder.glob("metrics*")]

    assert {12345} == {path.stat().st_gid for path in paths}
    assert Disk("root")._group == 0


def test_a_group_that_is_not_there_is_refused():
    """
    Before anything is recorded that the wrong people may read.
    """
    with pytest.raises(ValueError, match="no group no_such_group"):
        Disk("no_such_group")


READ = textwrap.dedent(
    """
    import os, sys
    os.setgid(54321)
    os.setuid(54321)
    try:
        open(sys.argv[1]).read()
    except PermissionError:
        print("refused")
    """
)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_another_user_of_the_machine_cannot_read_a_session(tmp_path):
    """
    Really tried.
    """
    tmp_path.chmod(0o755)
    folder = tmp_path / "sessions"
    record(folder).stop()
    said = subprocess.run(
        [sys.executable, "-c", READ, str(folder / "metrics_x.jsonl")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "refused\n" == said.stdout, said.stderr
