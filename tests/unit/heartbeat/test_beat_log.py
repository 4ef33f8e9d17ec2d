"""
Logs that write every beat once.
"""

import csv
import errno
import json
import threading
from fractions import Fraction

import pytest

from vitalrig.heartbeat import Heartbeat, Norms
from vitalrig.heartbeat.beat_log import CsvLog, NdjsonLog
from vitalrig.heartbeat.logging import get_log_header
from vitalrig.heartbeat.rotating_file import RotatingFile

NAMES = ["Heartbeat", "Tag", "Time", *"abcdef"]


@pytest.fixture
def hbt():
    return Heartbeat(4)


def beat(hbt, *tags):
    for tag in tags:
        hbt.heartbeat(tag, (2,))


def csv_rows(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def json_rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_csv_log_is_a_table_with_names(tmp_path, hbt):
    """
    The first line names the columns of each beat's line.
    """
    path = tmp_path / "beats.csv"
    with CsvLog(hbt, path, get_log_header(hbt)) as log:
        beat(hbt, "first", "second, with a comma")
        assert 2 == log.write_new()

    assert [
        get_log_header(hbt),
        ["0", "first", "2", "2", "2", "2", "0.5", "0.5", "0.5"],
        ["1", "second, with a comma", "2", "4", "4", "2", "0.5", "0.5", "0.5"],
    ] == csv_rows(path)


def test_an_ndjson_log_is_an_object_a_line(tmp_path, hbt):
    """
    With the names as keys.
    """
    path = tmp_path / "beats.ndjson"
    with NdjsonLog(hbt, path, NAMES):
        beat(hbt, 7)

    values = [0, 7, 2, 2, 2, 2, 0.5, 0.5, 0.5]
    assert [dict(zip(NAMES, values, strict=True))] == json_rows(path)


def test_every_beat_is_written_once(tmp_path, hbt):
    """
    However often somebody says so; closing writes the rest.
    """
    path = tmp_path / "beats.csv"
    beat(hbt, "before the log")
    with CsvLog(hbt, path, NAMES) as log:
        assert [1, 0] == [log.write_new(), log.write_new()]
        beat(hbt, "a", "b")
        assert 2 == log.write_new()
        beat(hbt, "c")

    assert ["before the log", "a", "b", "c"] == [row[1] for row in csv_rows(path)[1:]]
    assert 0 == log.missed


def test_beats_that_were_gone_before_they_could_be_written_are_counted(tmp_path, hbt):
    """
    A gap is never silent.
    """
    path = tmp_path / "beats.csv"
    with CsvLog(hbt, path, NAMES) as log:
        beat(hbt, *range(10))
        assert 4 == log.write_new()

    assert 6 == log.missed
    assert ["6", "7", "8", "9"] == [row[0] for row in csv_rows(path)[1:]]


def test_a_log_begins_with_the_window(tmp_path, hbt):
    """
    Beats from before that were nobody's to write are not missed.
    """
    beat(hbt, *range(10))
    with CsvLog(hbt, tmp_path / "beats.csv", NAMES) as log:
        assert (4, 0) == (log.write_new(), log.missed)


def test_a_line_that_could_not_be_written_is_written_the_next_time(tmp_path, hbt, monkeypatch):
    """
    And those before it are not written again.
    """
    path = tmp_path / "beats.csv"
    log = CsvLog(hbt, path, NAMES)
    beat(hbt, "a", "b", "c")
    write = RotatingFile.write

    def refuse(file, line):
        if b"b" in line:
            raise OSError(errno.ENOSPC, "no space left")
        write(file, line)

    monkeypatch.setattr(RotatingFile, "write", refuse)
    with pytest.raises(OSError, match="no space"):
        log.write_new()
    monkeypatch.undo()
    log.close()

    assert ["a", "b", "c"] == [row[1] for row in csv_rows(path)[1:]]


def test_numbers_are_in_the_units_asked_for(tmp_path, hbt):
    """
    Factors as for single rows.
    """
    path = tmp_path / "beats.ndjson"
    with NdjsonLog(hbt, path, NAMES, Norms(1e-3, 1e3)):
        beat(hbt, 0)

    assert [0.002, 500.0] == [json_rows(path)[0][name] for name in ("Time", "d")]


def test_full_files_are_put_away_with_names_and_whole_lines(tmp_path, hbt):
    """
    No beat is lost between two files.
    """
    path = tmp_path / "beats.csv"
    with CsvLog(hbt, path, NAMES, max_bytes=200) as log:
        for number in range(50):
            beat(hbt, number)
            log.write_new()
    files = [*sorted(tmp_path.glob("beats.0*.csv")), path]
    tables = [csv_rows(file) for file in files]

    assert len(files) > 5
    assert all(NAMES == table[0] for table in tables)
    assert [str(number) for number in range(50)] == [
        row[1] for table in tables for row in table[1:]
    ]
    assert all(file.stat().st_size <= 200 for file in files)


ODD_TAGS = ["two\nlines", "r\rn", None, 10**5_000, Fraction(1, 3), ("a", "b"), "\ud800", "naïve"]


def test_any_tag_is_one_line(tmp_path):
    """
    Line breaks are written as such, and what has no other form as text.
    """
    hbt = Heartbeat(20)
    with (
        CsvLog(hbt, tmp_path / "csv", NAMES) as one,
        NdjsonLog(hbt, tmp_path / "json", NAMES) as other,
    ):
        beat(hbt, *ODD_TAGS)
        assert [len(ODD_TAGS)] * 2 == [one.write_new(), other.write_new()]

    tags = [row["Tag"] for row in json_rows(tmp_path / "json")]
    assert ["two\\nlines", "r\\rn", None] == tags[:3]
    assert 10**5_000 == int(tags[3], 16)
    assert [1 / 3, "('a', 'b')", "\ud800", "naïve"] == tags[4:]
    assert len(ODD_TAGS) + 1 == len((tmp_path / "csv").read_bytes().splitlines())


def test_what_json_cannot_say_is_null(tmp_path, hbt):
    """
    An infinite rate leaves a line that every parser reads.
    """
    path = tmp_path / "beats.ndjson"
    with NdjsonLog(hbt, path, NAMES):
        hbt.heartbeat(0, (5e-324,))

    assert [None, None, None] == [json_rows(path)[0][name] for name in "def"]


def test_names_differ(tmp_path, hbt):
    """
    Two entries of one name would be one.
    """
    with pytest.raises(ValueError, match="names must differ"):
        NdjsonLog(hbt, tmp_path / "beats.ndjson", ["same"] * 9)


def test_writers_in_threads_write_every_beat_once(tmp_path):
    """
    Lines stay whole and in order.
    """
    hbt = Heartbeat(4_000)
    log = CsvLog(hbt, tmp_path / "beats.csv", NAMES)

    def work():
        for number in range(500):
            hbt.heartbeat(number, (1,))
            if number % 7 == 0:
                log.write_new()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.sync()
    log.close()

    assert [str(number) for number in range(2_000)] == [
        row[0] for row in csv_rows(tmp_path / "beats.csv")[1:]
    ]
