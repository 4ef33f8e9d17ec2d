"""A file of whole lines, whatever the disk and other people do."""

import contextlib
import fcntl
import os
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.physiology_server.publishing.backends.file import line_file
from services.physiology_server.publishing.backends.file.line_file import Line, LineFile
from tests.support.eventually import eventually
from tests.support.full_disk import room_for
from tests.support.patience import PATIENCE_S
from vitalrig.errors import Unavailable


def lines(*numbers):
    return [Line(number, f"line {number}\n".encode()) for number in numbers]


def a_file(path, **keys):
    return LineFile(path, **{"lock": True, "most_bytes": 8192} | keys)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "core_metrics.jsonl"


def test_lines_are_there_as_soon_as_they_were_added(path):
    """
    A reader waits for no buffer to fill.
    """
    a_file(path).add(lines(1, 2))

    assert b"line 1\nline 2\n" == path.read_bytes()


def test_a_line_that_is_given_again_is_not_written_again(path):
    """
    After a failure the whole batch comes again.
    """
    file = a_file(path)
    file.add(lines(1, 2))
    file.add(lines(1, 2, 3))

    assert b"line 1\nline 2\nline 3\n" == path.read_bytes()


@given(
    numbers=st.lists(st.integers(1, 200), unique=True).map(sorted),
    most_bytes=st.integers(1, 100),
    room=st.integers(0, 400),
)
def test_a_full_disk_leaves_whole_lines_and_then_all_of_them_once(
    tmp_path_factory, numbers, most_bytes, room
):
    """
    Wherever the disk's end cuts into a batch, and however many writes the batch takes.
    """
    path = tmp_path_factory.mktemp("full") / "core_metrics.jsonl"
    batch = lines(*numbers)
    file = a_file(path, most_bytes=most_bytes)

    with room_for(room), contextlib.suppress(OSError):
        file.add(batch)
    full = path.read_bytes()
    file.add(batch)
    file.close()

    everything = b"".join(line.data for line in batch)
    assert (True, full, everything) == (
        full in (b"", *(everything[: at + 1] for at, c in enumerate(everything) if c == 10)),
        everything[: len(full)],
        path.read_bytes(),
    )


def test_a_half_line_that_could_not_be_cut_at_once_is_cut_before_the_next(path, monkeypatch):
    """
    A disk that fails may fail for every call.
    """
    file = a_file(path)
    real = os.ftruncate

    def fail(*_):
        raise OSError("no")

    monkeypatch.setattr(line_file.os, "ftruncate", fail)
    with room_for(10), pytest.raises(OSError):
        file.add(lines(1, 2))
    torn = path.read_bytes()
    monkeypatch.setattr(line_file.os, "ftruncate", real)
    file.add(lines(1, 2))

    assert (b"line 1\nlin", b"line 1\nline 2\n") == (torn, path.read_bytes())


def test_a_file_that_took_the_place_of_a_torn_one_is_not_cut(path, monkeypatch):
    """
    What was still to be cut off belonged to the file before it.
    """
    file = a_file(path)

    def fail(*_):
        raise OSError("no")

    with monkeypatch.context() as broken, room_for(10):
        broken.setattr(line_file.os, "ftruncate", fail)
        with pytest.raises(OSError):
            file.add(lines(1, 2))
    path.unlink()
    path.write_bytes(b"a longer file of someone else\n")
    file.add(lines(2))

    assert b"a longer file of someone else\nline 2\n" == path.read_bytes()


@pytest.mark.parametrize(
    ("earlier", "kept"),
    [(b"whole\nto", b"whole\n"), (b"to", b""), (b"whole\n", b"whole\n"), (b"", b"")],
    ids=["half a line", "nothing but half a line", "whole", "empty"],
)
def test_what_a_dead_run_left_of_a_line_is_cut_off(path, earlier, kept):
    """
    The first line of this run does not continue a torn one.
    """
    path.write_bytes(earlier)
    a_file(path).add(lines(1))

    assert kept + b"line 1\n" == path.read_bytes()


def test_a_long_torn_line_is_cut_off_as_well(path):
    """
    Longer than what is read at once.
    """
    path.write_bytes(b"whole\n" + b"x" * 200_000)
    a_file(path)

    assert b"whole\n" == path.read_bytes()


def test_emptying_keeps_the_file_itself(path):
    """
    A reader that has it open sees that it was cut, and goes on with the new lines.
    """
    path.write_bytes(b"old\n")
    before = path.stat().st_ino
    a_file(path, empty=True)

    assert (before, b"") == (path.stat().st_ino, path.read_bytes())


def test_a_removed_file_is_made_anew(path):
    """
    By whoever wanted the room back.
    """
    file = a_file(path)
    file.add(lines(1))
    path.unlink()
    file.add(lines(2))

    assert b"line 2\n" == path.read_bytes()


def test_a_renamed_file_is_followed_by_a_new_one(path, tmp_path):
    """
    As programs that rotate logs do it.
    """
    file = a_file(path)
    file.add(lines(1))
    path.rename(tmp_path / "old")
    file.add(lines(2))

    assert (b"line 1\n", b"line 2\n") == ((tmp_path / "old").read_bytes(), path.read_bytes())


def test_a_file_that_was_emptied_by_others_goes_on_at_its_beginning(path):
    """
    No hole of zeros is left behind.
    """
    file = a_file(path)
    file.add(lines(1))
    os.truncate(path, 0)
    file.add(lines(2))

    assert b"line 2\n" == path.read_bytes()


def test_writing_waits_for_a_reader_that_holds_the_lock(path):
    """
    Who locks reads whole lines.
    """
    file = a_file(path)
    with path.open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        writing = threading.Thread(target=file.add, args=(lines(1),))
        writing.start()
        during = reader.read()
        fcntl.flock(reader, fcntl.LOCK_UN)
        writing.join(PATIENCE_S)

    assert (b"", b"line 1\n") == (during, path.read_bytes())


def test_a_reader_that_keeps_the_lock_is_an_absence(path, monkeypatch):
    """
    It is named, and what it kept out is written once it lets go.
    """
    monkeypatch.setattr(line_file, "LOCK_PATIENCE_S", 0.02)
    file = a_file(path)
    with path.open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        with pytest.raises(Unavailable, match="keeps it locked"):
            file.add(lines(1))
    file.add(lines(1))

    assert b"line 1\n" == path.read_bytes()


def test_without_locking_no_reader_keeps_anything_out(path):
    """
    use_file_locking is false.
    """
    file = a_file(path, lock=False)
    with path.open("rb") as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        file.add(lines(1))

    assert b"line 1\n" == path.read_bytes()


def test_readers_who_lock_never_see_half_a_line(path):
    """
    While lines are added that take several writes each.
    """
    file = a_file(path)
    line = b"x" * 800_000 + b"\n"
    torn, stop = [], threading.Event()

    def read():
        with path.open("rb") as reader:
            while not stop.is_set():
                fcntl.flock(reader, fcntl.LOCK_SH)
                data = reader.read()
                if data and not data.endswith(b"\n"):
                    torn.append(len(data))
                fcntl.flock(reader, fcntl.LOCK_UN)
                seen.set()

    seen = threading.Event()
    reading = threading.Thread(target=read)
    reading.start()
    eventually(seen.is_set)
    for number in range(1, 40):
        file.add([Line(number, line)])
    stop.set()
    reading.join(PATIENCE_S)

    assert [] == torn


@pytest.mark.parametrize(("most_bytes", "writes"), [(8192, 1), (14, 3), (7, 5), (1, 5)], ids=str)
def test_a_batch_goes_out_in_writes_of_whole_lines_up_to_the_buffers_size(
    path, monkeypatch, most_bytes, writes
):
    """
    io_buffer_size bounds a write, but never splits a line.
    """
    file = a_file(path, most_bytes=most_bytes)
    sizes = []
    real = os.write

    def write(descriptor, data):
        sizes.append(len(data))
        return real(descriptor, data)

    monkeypatch.setattr(line_file.os, "write", write)
    file.add(lines(1, 2, 3, 4, 5))

    assert (writes, {0}) == (len(sizes), {size % 7 for size in sizes})
