"""A file of events, read from any number on, in either direction."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.support.rounds import rounds
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


def test_a_compressed_file_is_read_like_any_other_and_says_what_it_holds(tmp_path):
    """
    Its head is enough to know whether it is needed.
    """
    plain = a_file(tmp_path / "a", range(5, 50))
    with plain.open("rb") as file:
        (tmp_path / "a.gz").write_bytes(b"".join(packed(file.fileno(), SeqSpan(5, 49))))

    assert SeqSpan(5, 49) == packed_span(tmp_path / "a.gz")
    source = EventSource(tmp_path / "a.gz")
    assert list(range(5, 50)) == [each.seq for each in rising([source, EventSource(plain)], 0)]
    assert list(range(49, 4, -1)) == [each.seq for each in falling([source], 50)]
    assert ["a", "a.gz"] == sorted(path.name for path in tmp_path.iterdir())
