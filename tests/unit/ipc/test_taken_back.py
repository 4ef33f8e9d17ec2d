"""Lines that are taken back from a file after all."""

import errno
import os

import pytest

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk


class Stubborn(Disk):
    """A disk that cuts no file for now."""

    is_stubborn = True

    def truncate(self, descriptor, size_bytes):
        if self.is_stubborn:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().truncate(descriptor, size_bytes)


def test_lines_that_are_taken_back_are_gone(tmp_path):
    """
    What follows comes in their place.
    """
    path = tmp_path / "lines"
    file = AppendOnlyFile(path, Disk())
    file.append(b"one\n")
    size_bytes = file.size_bytes
    file.append(b"two\nthree\n")

    file.take_back(size_bytes)
    file.append(b"four\n")
    file.close()

    assert b"one\nfour\n" == path.read_bytes()


def test_lines_that_the_disk_keeps_for_now_go_before_any_other_comes(tmp_path):
    """
    A disk that fails to cut a file takes no new lines either.
    """
    path, disk = tmp_path / "lines", Stubborn()
    file = AppendOnlyFile(path, disk)
    file.append(b"one\n")
    file.take_back(0)

    with pytest.raises(OSError):
        file.append(b"two\n")
    disk.is_stubborn = False
    file.append(b"three\n")
    file.close()

    assert b"three\n" == path.read_bytes()
