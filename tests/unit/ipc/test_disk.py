import errno
import os
import threading

import pytest

from smartspectra.ipc.storage.disk import Disk, FileRange


def test_a_reader_sees_the_old_content_or_the_new(tmp_path):
    """
    A file is replaced in one step, however often it is read meanwhile.
    """
    path = tmp_path / "summary.json"
    texts = {b"a" * 100_000, b"b" * 200_000}
    Disk().replace(path, [b"a" * 100_000])
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(30):
        for text in texts:
            Disk().replace(path, [text[:7], text[7:]])
    done.set()
    reader.join()

    assert seen <= texts
    assert seen


@pytest.mark.parametrize("call", ["write", "sync", "rename"])
def test_a_replacement_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, call):
    """
    No half file under any name.
    """

    class Failing(Disk):
        pass

    def fail(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    setattr(Failing, call, fail)
    path = tmp_path / "summary.json"
    path.write_bytes(b"old")

    with pytest.raises(OSError, match="full"):
        Failing().replace(path, [b"new"])

    assert b"old" == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())


def test_part_of_a_file_is_copied_without_reading_it(tmp_path):
    """
    From the middle, and into a file that already holds something.
    """
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"0123456789")

    Disk().replace(target, [b"[", FileRange(source, 2, 5), b"]"])

    assert b"[23456]" == target.read_bytes()
    assert b"23456" == FileRange(source, 2, 5).read()


def test_a_part_that_is_not_there_any_more_is_an_error(tmp_path):
    """
    A summary is never written with a hole.
    """
    source = tmp_path / "source"
    source.write_bytes(b"0123")

    with pytest.raises(OSError, match="shorter than it was"):
        Disk().replace(tmp_path / "target", [FileRange(source, 2, 5)])

    assert [source] == list(tmp_path.iterdir())


def test_copying_works_where_the_system_cannot_send_between_files(tmp_path, monkeypatch):
    """
    Other systems than Linux send to sockets only.
    """

    def refuse(*_args: object) -> int:
        raise OSError(errno.ENOTSOCK, "no socket")

    monkeypatch.setattr(os, "sendfile", refuse)
    source = tmp_path / "source"
    source.write_bytes(b"0123456789")

    Disk().replace(tmp_path / "target", [FileRange(source, 1, 8)])

    assert b"12345678" == (tmp_path / "target").read_bytes()


def test_a_disk_that_takes_nothing_is_full(tmp_path):
    """
    A write of no bytes is not repeated for ever.
    """

    class Stuck(Disk):
        def write(self, descriptor, data):
            return 0

    with pytest.raises(OSError, match="No space left"):
        Stuck().replace(tmp_path / "target", [b"x"])
