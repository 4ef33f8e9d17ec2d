"""The JSONL as lines."""

from hypothesis import given
from hypothesis import strategies as st

from vitalrig.sessions.store import lines


@given(st.binary(max_size=60), st.integers(1, 12))
def test_lines_are_those_that_end_however_they_are_read(tmp_path_factory, data, block_bytes):
    """
    A line across two reads is one line, and what has no newline yet is none.
    """
    path = tmp_path_factory.mktemp("lines") / "some.jsonl"
    path.write_bytes(data)
    seen: list[bytes] = []
    before, lines._READ_BYTES = lines._READ_BYTES, block_bytes
    try:
        found = list(lines.whole_lines(path, see=seen.append))
    finally:
        lines._READ_BYTES = before

    assert (data.split(b"\n")[:-1], data) == (found, b"".join(seen))


def test_progress_adds_up_to_the_size_of_the_file(tmp_path):
    """
    A bar ends where it should.
    """
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"x" * 3_000_000)
    done: list[int] = []
    list(lines.whole_lines(path, done.append))

    assert 3_000_000 == sum(done)
