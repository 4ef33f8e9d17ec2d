"""Finding one's way through a large document in pieces."""

import io
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vitalrig.sessions.errors import Unreadable
from vitalrig.sessions.store.json_scanner import JsonScanner


def a_scanner(text, piece_bytes=7):
    raw = text if isinstance(text, bytes) else text.encode()
    return JsonScanner(io.BytesIO(raw).read, "it", piece_bytes)


def counted(text, piece_bytes=7):
    found = a_scanner(text, piece_bytes).numbers()
    assert text[1:-1] == text[found.start : found.end]
    return found.count, found.last


finite = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70)


@settings(max_examples=150)
@given(st.lists(finite), st.sampled_from([None, 1]), st.integers(1, 40))
@example([], 1, 1)
@example([1e-7], None, 3)
def test_the_end_of_a_list_is_what_json_says(numbers, indent, piece_bytes):
    """
    However it is laid out, and however it falls into pieces.
    """
    text = json.dumps(numbers, indent=indent)

    last = float(numbers[-1]) if numbers else None
    assert (len(numbers), last) == counted(text, piece_bytes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, null]", (2, None)),
        ("[1, NaN]", (2, None)),
        ("[Infinity]", (1, None)),
        ("[1e999]", (1, None)),
        ("[1, 1_0]", (2, None)),
        (f"[{'1' * 70}]", (1, None)),
        (f"[1,{'1' * 70}]", (2, None)),
    ],
    ids=["null", "nan", "infinity", "too large", "python", "long", "long after another"],
)
def test_what_is_no_number_is_none(text, expected):
    """
    It has a place in the series, and no value.
    """
    assert expected == counted(text)


@pytest.mark.parametrize("text", ['["a"]', "[[1]]", '[{"a":1}]', "{}", "1", '["]"]'])
def test_what_is_no_list_of_numbers_is_refused(text):
    """
    A document of another kind is not half understood.
    """
    with pytest.raises(Unreadable):
        a_scanner(text).numbers()


texts = st.text(max_size=6)
documents = st.recursive(
    st.none() | st.booleans() | finite | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150)
@given(st.dictionaries(texts, documents, max_size=5), st.booleans(), st.integers(1, 30))
@example({'"\\': '"\\'}, False, 1)
def test_members_and_small_values_are_what_json_says(document, indented, piece_bytes):
    """
    Keys and values come back as they are, however the text falls into pieces.
    """
    scanner = a_scanner(json.dumps(document, indent=2 if indented else None), piece_bytes)

    found = {key: scanner.small(1 << 20) for key in scanner.members()}
    scanner.end()

    assert document == found


@settings(max_examples=100)
@given(st.dictionaries(texts, documents, min_size=1, max_size=5), st.integers(1, 30))
def test_a_document_that_is_cut_off_is_refused(document, piece_bytes):
    """
    A file that is being written is not taken for a whole one.
    """
    text = json.dumps(document).encode()
    for length in range(len(text)):
        scanner = a_scanner(text[:length], piece_bytes)
        with pytest.raises(Unreadable):
            [scanner.skip() for _ in scanner.members()]


def test_what_follows_a_document_is_refused():
    """
    Two documents in one file are not one document.
    """
    scanner = a_scanner("{} {}")
    assert [] == list(scanner.members())

    with pytest.raises(Unreadable):
        scanner.end()


def test_a_part_that_should_be_small_is_not_kept_without_end():
    """
    A meta of hundreds of megabytes does not come into memory.
    """
    read = []

    def endless(size):
        read.append(size)
        return b'{"a":"' + b"x" * size if len(read) == 1 else b"x" * size

    with pytest.raises(Unreadable, match="large"):
        JsonScanner(endless, "it", 1_000).small(5_000)

    assert len(read) <= 7


def test_depth_has_an_end():
    """
    A document of a million brackets costs nothing but itself.
    """
    with pytest.raises(Unreadable, match="deep"):
        a_scanner("[" * 1_000_000, 4_096).skip()
