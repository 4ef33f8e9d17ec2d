"""Files that others read meanwhile."""

import threading

import pytest

from tests.support.full_disk import room_for
from vitalrig.atomic_files import replace_bytes


def test_a_reader_sees_the_old_text_or_the_new_one_and_nothing_else(tmp_path):
    """
    200 replacements under a reader's eyes.
    """
    path = tmp_path / "f"
    texts = {b"a" * 50_000, b"b" * 70_000}
    first, second = sorted(texts)
    replace_bytes(path, first)
    seen, done = set(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(200):
        replace_bytes(path, second if turn % 2 else first)
    done.set()
    reader.join()

    assert seen <= texts


def test_a_text_that_cannot_be_written_leaves_the_old_one(tmp_path):
    """
    A failure is an error, not a half file.
    """
    path = tmp_path / "f"
    replace_bytes(path, b"old")

    with room_for(2), pytest.raises(OSError):
        replace_bytes(path, b"new")

    assert b"old" == path.read_bytes()


def test_nothing_is_left_beside_the_file(tmp_path):
    """
    Partial files do not pile up.
    """
    replace_bytes(tmp_path / "f", b"text")

    assert ["f"] == [path.name for path in tmp_path.iterdir()]
