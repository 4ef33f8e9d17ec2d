"""A file of events, read from any number on, in either direction."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rounds import rounds
from vitalrig.telemetry import packed_file
from vitalrig.telemetry.event_sources import EventSource, falling, rising
from vitalrig.telemetry.line_reader import LineReader
from vitalrig.telemetry.packed_file import SeqSpan, packed, packed_span

numbers = st.sets(st.integers(0, 60), max_size=30).map(sorted)
sizes = st.sampled_from([0, 1, 50, 5_000])


def line(seq, size=0):
    return b'{"seq":%d,"ts":"","stream":"site","type":"a","data":"%s","meta":{}}' % (
        seq,
        b"x" * size,
    )


def a_file(path, seqs, size=0, end=b""):
    path.write_bytes(b"".join(line(seq, size) + b"\n" for seq in seqs) + end)
    return path


@given(numbers, st.integers(-1, 61), sizes, st.sampled_from([b"", b'{"seq":99', b"junk\n\n"]))
def test_all_behind_a_number_is_read_and_all_before_it(tmp_path_factory, seqs, at, size, end):
    """
    In order, whatever the length of the lines; half a line and what is no event are passed over.
    """
    path = a_file(tmp_path_factory.mktemp("file") / "events", seqs, size, end)

    with LineReader(path) as reader:
        after, before = list(reader.after(at)), list(reader.before(at))

    assert [(seq, line(seq, size)) for seq in seqs if seq > at] == after
    assert [(seq, line(seq, size)) for seq in reversed(seqs) if seq < at] == before


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(-1, 41))
def test_several_files_are_read_in_one_order(tmp_path_factory, owners, at):
    """
    Each number is in one of them.
    """
    folder = tmp_path_factory.mktemp("files")
    sources = [
        EventSource(
            a_file(folder / f"{n}", [seq for seq, owner in enumerate(owners) if owner == n])
        )
        for n in range(4)
    ]

    assert list(range(at + 1, len(owners))) == [each.seq for each in rising(sources, at)]
    assert list(range(min(at, len(owners)) - 1, -1, -1)) == [
        each.seq for each in falling(sources, at)
    ]


def open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_few_files_are_open_at_a_time(tmp_path):
    """
    However many there are.
    """
    sources = [
        EventSource(a_file(tmp_path / f"{n}", range(n * 10, n * 10 + 10)))
        for n in range(rounds(50, 500))
    ]
    before = open_files()

    most = max(open_files() for _ in rising(sources, 0))

    assert most - before < 10


@given(numbers.filter(bool), st.integers(-1, 61), sizes, st.sampled_from([64, 7_000, 1 << 20]))
def test_a_compressed_file_is_read_like_any_other(tmp_path_factory, seqs, at, size, block):
    """
    From any number on, in either direction; its head says what it holds, and any gzip reads it.
    """
    folder = tmp_path_factory.mktemp("packed")
    plain, path = a_file(folder / "a", seqs, size), folder / "a.gz"
    before, packed_file._BLOCK_BYTES = packed_file._BLOCK_BYTES, block
    with plain.open("rb") as file:
        path.write_bytes(b"".join(packed(file.fileno(), SeqSpan(seqs[0], seqs[-1]))))
    packed_file._BLOCK_BYTES = before

    assert SeqSpan(seqs[0], seqs[-1]) == packed_span(path)
    assert plain.read_bytes() == gzip.decompress(path.read_bytes())
    with LineReader(path) as reader, LineReader(plain) as other:
        assert reader.has_content_of(other)
        assert [seq for seq in seqs if seq > at] == [line.seq for line in reader.after(at)]
        assert [seq for seq in seqs if seq < at] == [line.seq for line in reader.before(at)][::-1]
    source = EventSource(path)
    assert seqs == [each.seq for each in rising([source, EventSource(plain)], -1)]


def test_a_file_that_somebody_else_compressed_is_read_as_well(tmp_path):
    """
    It is unpacked meanwhile, and leaves nothing behind.
    """
    plain = a_file(tmp_path / "a", range(5, 50))
    (tmp_path / "b.gz").write_bytes(gzip.compress(plain.read_bytes()))

    assert packed_span(tmp_path / "b.gz") is None
    source = EventSource(tmp_path / "b.gz")
    assert list(range(20, 50)) == [each.seq for each in rising([source], 19)]
    assert ["a", "b.gz"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_damaged_compressed_file_is_an_error_and_no_event(tmp_path):
    """
    Its checksum says so.
    """
    plain, path = a_file(tmp_path / "a", range(100)), tmp_path / "a.gz"
    with plain.open("rb") as file:
        path.write_bytes(b"".join(packed(file.fileno(), SeqSpan(0, 99))))
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)

    with LineReader(path) as reader, pytest.raises(OSError):
        list(reader.after(0))
