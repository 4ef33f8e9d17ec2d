"""Lines that a crash left beyond the position are recognised, each once."""

from services.collector.replay_filter import ReplayFilter, place_of
from tests.unit.ipc.making import START_US, edge, envelope

A, B, C = (edge(START_US + number) for number in range(3))


def ahead_of(path, start_bytes=0):
    ahead = ReplayFilter()
    ahead.read(path, start_bytes)
    return ahead


def test_each_line_is_recognised_as_often_as_it_is_there(tmp_path):
    """
    Two envelopes that happen to be equal are two envelopes.
    """
    path = tmp_path / "lines"
    path.write_bytes(A + b"\n" + B + b"\n" + A + b"\n")
    ahead = ahead_of(path)

    assert [True, True, False, False, True] == [ahead.take(each) for each in (A, A, A, C, B)]
    assert 0 == len(ahead)


def test_a_torn_line_is_none(tmp_path):
    """
    It was set aside, so its envelope has to be written again.
    """
    path = tmp_path / "lines"
    path.write_bytes(A + b"\n" + B)

    assert [True, False] == [ahead_of(path).take(each) for each in (A, B)]


def test_nothing_behind_a_line_that_is_torn_in_the_middle_counts(tmp_path):
    """
    After a power cut all from there on is set aside, and has to be written again.
    """
    path = tmp_path / "lines"
    path.write_bytes(A + b"\n" + B[:40] + bytes(100) + B[40:] + b"\n" + C + b"\n")

    assert [True, False, False] == [ahead_of(path).take(each) for each in (A, B, C)]


def test_only_what_is_beyond_the_position_counts(tmp_path):
    """
    What the position covers is not given again.
    """
    path = tmp_path / "lines"
    path.write_bytes(A + b"\n" + B + b"\n")

    assert [False, True] == [ahead_of(path, len(A) + 1).take(each) for each in (A, B)]


def test_an_envelope_on_several_lines_is_recognised_in_its_one_line(tmp_path):
    """
    The file holds it with blanks for line breaks.
    """
    path = tmp_path / "lines"
    came = A.replace(b",", b",\r\n ") + b"\n"
    path.write_bytes(B + b"\n" + A.replace(b",", b",   ") + b"\n")

    assert ahead_of(path).take(came)
    assert len(B) + 1 == place_of(came, path)


def test_an_envelope_with_a_separator_in_its_text_is_recognised(tmp_path):
    """
    The file holds the separator as an escape.
    """
    path = tmp_path / "lines"
    came = envelope("status", "one-two").replace(b"-", "\u2028".encode())
    path.write_bytes(A + b"\n" + came.replace("\u2028".encode(), b"\\u2028") + b"\n")

    assert (True, len(A) + 1) == (ahead_of(path).take(came), place_of(came, path))


def test_what_does_not_come_again_is_forgotten_and_counted(tmp_path):
    """
    A Redis that was killed has lost its newest entries, which the file holds.
    """
    path = tmp_path / "lines"
    path.write_bytes(A + b"\n" + B + b"\n" + C + b"\n")
    ahead, other = ahead_of(path), ahead_of(path)

    assert (True, 1, True) == (ahead.take(A), ahead.forget_before(C), ahead.take(C))
    assert (True, 2, 0) == (other.take(A), other.forget_before(edge(START_US + 9)), len(other))


def test_a_place_is_found_or_there_is_none(tmp_path):
    """
    A file that is not there holds nothing.
    """
    path = tmp_path / "lines"
    path.write_bytes(b"a\nbb\nc\n")

    assert [0, 2, None] == [place_of(each, path) for each in (b"a", b"bb", b"b")]
    assert place_of(b"a", tmp_path / "other") is None


def test_what_the_stream_has_lost_settles_nothing_that_comes_later(tmp_path):
    """
    An envelope with the same bytes may come, and what is missing before it was not counted yet.
    """
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(A + b"\n")
    second.write_bytes(B + b"\n" + C + b"\n")
    ahead = ReplayFilter()
    ahead.read(first, 0, second, are_settled=True)
    before = [ahead.is_settled(each) for each in (A, B, C)]
    ahead.forget_before(C)

    assert [True, True, False] == before
    assert [False, False, False] == [ahead.is_settled(each) for each in (A, B, C)]
