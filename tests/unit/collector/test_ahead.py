"""Lines that a crash left beyond the position are recognised, each once."""

from services.collector.ahead import Ahead, place_of


def ahead_of(path, start_bytes=0):
    ahead = Ahead()
    ahead.read(path, start_bytes)
    return ahead


def test_each_line_is_recognised_as_often_as_it_is_there(tmp_path):
    """
    Two envelopes that happen to be equal are two envelopes.
    """
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\na\n")
    ahead = ahead_of(path)

    assert [True, True, False, False, True] == [
        ahead.take(each) for each in (b"a", b"a", b"a", b"x", b"b")
    ]
    assert 0 == len(ahead)


def test_a_torn_line_is_none(tmp_path):
    """
    It was set aside, so its envelope has to be written again.
    """
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb")

    assert [True, False] == [ahead_of(path).take(each) for each in (b"a", b"b")]


def test_only_what_is_beyond_the_position_counts(tmp_path):
    """
    What the position covers is not given again.
    """
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\n")

    assert [False, True] == [ahead_of(path, 2).take(each) for each in (b"a", b"b")]


def test_an_envelope_on_several_lines_is_recognised_in_its_one_line(tmp_path):
    """
    The file holds it with blanks for line breaks.
    """
    path = tmp_path / "lines"
    path.write_bytes(b'a\n{ "type":  1}\n')

    assert ahead_of(path).take(b'{\n"type":\n 1}\n')
    assert 2 == place_of(b'{\n"type":\n 1}\n', path)


def test_an_envelope_with_a_separator_in_its_text_is_recognised(tmp_path):
    """
    The file holds the separator as an escape.
    """
    path = tmp_path / "lines"
    path.write_bytes(b'a\n["one\\u2028two"]\n')
    came = '["one\u2028two"]'.encode()

    assert (True, 2) == (ahead_of(path).take(came), place_of(came, path))


def test_a_place_is_found_or_there_is_none(tmp_path):
    """
    A file that is not there holds nothing.
    """
    path = tmp_path / "lines"
    path.write_bytes(b"a\nbb\nc\n")

    assert [0, 2, None] == [place_of(each, path) for each in (b"a", b"bb", b"b")]
    assert place_of(b"a", tmp_path / "other") is None
