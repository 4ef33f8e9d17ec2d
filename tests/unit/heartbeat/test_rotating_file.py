"""
Files of whole lines.
"""

import errno
import os

import pytest

from vitalrig.heartbeat.rotating_file import RotatingFile

HEAD = b"head\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "beats.csv"


def lines_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_file_starts_anew_before_it_grows_too_large(path):
    """
    Every file begins with the head, and no file is longer than allowed.
    """
    file = RotatingFile(path, HEAD, max_bytes=13)
    for number in range(5):
        file.write(b"%03d\n" % number)
    file.close()

    assert {
        "beats.000001.csv": b"head\n000\n001\n",
        "beats.000002.csv": b"head\n002\n003\n",
        "beats.csv": b"head\n004\n",
    } == lines_of(path.parent)


def test_a_line_longer_than_a_file_has_one_to_itself(path):
    """
    It is not cut, and no file is empty for its sake.
    """
    file = RotatingFile(path, HEAD, max_bytes=8)
    for line in (b"a long line\n", b"b\n", b"another long line\n"):
        file.write(line)
    file.close()

    assert [b"head\na long line\n", b"head\nb\n", b"head\nanother long line\n"] == [
        lines_of(path.parent)[name]
        for name in ("beats.000001.csv", "beats.000002.csv", "beats.csv")
    ]


def test_a_file_is_on_disk_before_it_is_put_away(path, monkeypatch):
    """
    The old file is synced, then it is renamed.
    """
    steps = []
    fsync, rename = os.fsync, type(path).rename
    file = RotatingFile(path, HEAD, max_bytes=100)
    synced = os.fstat(file._file).st_ino

    def noting_fsync(descriptor):
        fsync(descriptor)
        steps.append(("sync", os.fstat(descriptor).st_ino))

    def noting_rename(source, target):
        steps.append(("rename", source.stat().st_ino))
        return rename(source, target)

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(type(path), "rename", noting_rename)
    file.write(b"line\n")
    file.rotate()
    file.close()

    assert [("sync", synced), ("rename", synced)] == steps[:2]
    assert ("sync", path.parent.stat().st_ino) in steps


def test_an_existing_file_is_continued(path):
    """
    With one head, and numbers that go on.
    """
    for _ in range(3):
        file = RotatingFile(path, HEAD, max_bytes=13)
        file.write(b"abc\n")
        file.close()

    assert {
        "beats.000001.csv": b"head\nabc\nabc\n",
        "beats.csv": b"head\nabc\n",
    } == lines_of(path.parent)


def test_half_a_line_at_the_end_is_put_aside(path):
    """
    After a crash the file has whole lines only, and the half one is not lost.
    """
    path.write_bytes(b"head\nwhole\nhal")
    RotatingFile(path, HEAD, max_bytes=100).close()

    assert {"beats.csv": b"head\nwhole\n", "beats.csv.torn": b"hal\n"} == lines_of(path.parent)


@pytest.mark.parametrize("torn", [b"he", b"x" * 200_000])
def test_a_file_that_is_half_a_line_begins_anew(path, torn):
    """
    However long that line is.
    """
    path.write_bytes(torn)
    RotatingFile(path, HEAD, max_bytes=100).close()

    assert {"beats.csv": HEAD, "beats.csv.torn": torn + b"\n"} == lines_of(path.parent)


def test_a_file_with_another_head_is_put_away(path):
    """
    Its columns are others.
    """
    path.write_bytes(b"other\n1\n")
    RotatingFile(path, HEAD, max_bytes=100).close()

    assert {"beats.000001.csv": b"other\n1\n", "beats.csv": HEAD} == lines_of(path.parent)


def test_a_full_disk_leaves_no_half_line(path, monkeypatch):
    """
    What was written of a line is taken back, and the next one is whole.
    """
    file = RotatingFile(path, HEAD, max_bytes=100)
    write = os.write

    def half(descriptor, data):
        if len(data) <= 2:
            raise OSError(errno.ENOSPC, "no space left")
        return write(descriptor, data[: len(data) - 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="no space"):
        file.write(b"lost line\n")
    monkeypatch.undo()
    file.write(b"next\n")
    file.close()

    assert b"head\nnext\n" == path.read_bytes()


def test_a_short_write_is_continued(path, monkeypatch):
    """
    The system may take a line in pieces.
    """
    file = RotatingFile(path, HEAD, max_bytes=100)
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:1]))
    file.write(b"line\n")
    monkeypatch.undo()
    file.close()

    assert b"head\nline\n" == path.read_bytes()


def test_a_new_file_that_cannot_be_opened_leaves_the_old_one_in_use(path, monkeypatch):
    """
    The line is refused, nothing is lost, and the next try works.
    """
    file = RotatingFile(path, HEAD, max_bytes=10)
    file.write(b"first\n")
    opened = RotatingFile._opened

    def refuse(_):
        raise OSError(errno.EMFILE, "too many open files")

    monkeypatch.setattr(RotatingFile, "_opened", refuse)
    with pytest.raises(OSError, match="too many"):
        file.write(b"second\n")
    assert {"beats.csv": b"head\nfirst\n"} == lines_of(path.parent)
    monkeypatch.setattr(RotatingFile, "_opened", opened)
    file.write(b"second\n")
    file.close()

    assert {"beats.000001.csv": b"head\nfirst\n", "beats.csv": b"head\nsecond\n"} == lines_of(
        path.parent
    )


def test_a_new_file_that_cannot_be_begun_leaves_the_old_one_in_use(path, monkeypatch):
    """
    A disk so full that not even the head fits.
    """
    file = RotatingFile(path, HEAD, max_bytes=10)
    file.write(b"first\n")

    def refuse(descriptor, data):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(OSError, match="no space"):
        file.write(b"second\n")
    monkeypatch.undo()
    assert {"beats.csv": b"head\nfirst\n"} == lines_of(path.parent)
    file.write(b"second\n")
    file.close()

    assert {"beats.000001.csv": b"head\nfirst\n", "beats.csv": b"head\nsecond\n"} == lines_of(
        path.parent
    )


@pytest.mark.parametrize(("keep", "names"), [(0, []), (2, ["000003", "000004"]), (None, 4)])
def test_so_many_full_files_are_kept(path, keep, names):
    """
    The newest ones; all of them unless told otherwise.
    """
    file = RotatingFile(path, b"", max_bytes=1, keep=keep)
    for number in range(5):
        file.write(b"%d\n" % number)
    file.close()
    away = sorted(name.split(".")[1] for name in lines_of(path.parent) if name != "beats.csv")

    assert ([f"{number:06}" for number in range(1, 5)] if names == 4 else names) == away
    assert b"4\n" == path.read_bytes()


@pytest.mark.parametrize("name", ["beats", "be.at[s]", "a.b.log"])
def test_numbers_go_on_for_any_name(tmp_path, name):
    """
    Also beyond six digits; files of other names do not count.
    """
    path = tmp_path / name
    (tmp_path / f"{path.stem}.0000001.other").touch()
    path.with_name(f"{path.stem}.999999{path.suffix}").write_bytes(b"old\n")
    file = RotatingFile(path, b"", max_bytes=1)
    for line in (b"1\n", b"2\n", b"3\n"):
        file.write(line)
    file.close()
    found = lines_of(tmp_path)

    assert [b"old\n", b"1\n", b"2\n"] == [
        found[f"{path.stem}.{number}{path.suffix}"] for number in (999_999, 1_000_000, 1_000_001)
    ]


def test_closing_twice_is_nothing(path):
    """
    Whoever cleans up need not ask.
    """
    file = RotatingFile(path, HEAD, max_bytes=10)
    file.close()
    file.close()

    assert HEAD == path.read_bytes()


@pytest.mark.parametrize(("max_bytes", "keep"), [(0, None), (1, -1)])
def test_limits_make_sense(path, max_bytes, keep):
    """
    And no file is made otherwise.
    """
    with pytest.raises(ValueError):
        RotatingFile(path, HEAD, max_bytes, keep)
    assert not path.exists()
