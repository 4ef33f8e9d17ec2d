"""Summaries, read piece by piece."""

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.sessions import GOLDEN
from vitalrig.sessions.errors import Unreadable
from vitalrig.sessions.store import summary_reader
from vitalrig.sessions.store.summary_reader import SummaryReader, read_meta

numbers = st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=20)
documents = st.fixed_dictionaries(
    {
        "meta": st.dictionaries(st.text(), st.none() | st.integers() | st.text() | numbers),
        "series": st.dictionaries(
            st.text(), st.dictionaries(st.text(), st.dictionaries(st.text(), numbers))
        ),
    }
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("document") / "metrics.json"


def read(path, text):
    path.write_bytes(text)
    return SummaryReader(path)


def contents(found):
    series = {
        channel: {
            name: {column: found.load(span).tolist() for column, span in columns.items()}
            for name, columns in of_channel.items()
        }
        for channel, of_channel in found.columns.items()
    }
    return {"meta": found.meta, "series": series}


@settings(max_examples=40)
@given(documents, st.sampled_from([None, 2]), st.booleans())
@example({"meta": {"[": '"}'}, "series": {'a"]': {"[": {"{": [1e-308, -0.0]}}}}, None, True)
def test_a_document_reads_as_the_standard_library_would_read_it(path, written, indent, ascii_only):
    """
    Whatever its names and numbers are, compact or indented.
    """
    text = json.dumps(written, indent=indent, ensure_ascii=ascii_only)
    found = read(path, text.encode("utf-8", "surrogatepass"))

    assert written == contents(found)


@given(st.integers(0, 2_000))
def test_a_document_that_is_cut_off_is_unreadable(path, size):
    """
    Half a summary is not taken for a whole one.
    """
    text = (GOLDEN / "metrics_golden.json").read_bytes()[:size]

    with pytest.raises(Unreadable):
        read(path, text)


@given(st.binary() | st.text(alphabet='{}[]",:1 metaseries').map(str.encode))
@example(b"[" * 100_000)
@example(b'{"meta":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
@example(b'{"series":{"a":{"b":{"c":[1 2]}}}}')
@example(b'{"series":{"a":{"b":{"c":[1,2,]}}}}')
@example(b'{"series":{"a":{"b":{"c":[1,,2]}}}}')
@example(b"{}x")
@example(b'{"":\x00}')
@example(b'{"":[01]}')
@example(b'{"series":{"a":{"b":{"c":["]"]}}}}')
def test_whatever_a_file_holds_it_is_read_or_refused(path, text):
    """
    No bytes can make a reader fail in another way.
    """
    try:
        contents(read(path, text))
    except Unreadable:
        return
    assert isinstance(json.loads(text), dict)


def test_long_columns_are_read_in_chunks(path, monkeypatch):
    """
    Nothing is lost where one chunk ends and the next begins.
    """
    monkeypatch.setattr(summary_reader, "_CHUNK_BYTES", 50)
    column = np.random.default_rng(1).normal(size=500).tolist()
    found = read(path, json.dumps({"series": {"a": {"b": {"values": column}}}}).encode())

    assert column == found.load(found.columns["a"]["b"]["values"]).tolist()


def test_null_is_not_a_number(path):
    """
    Another maker's summary may hold null where a value was not finite.
    """
    found = read(path, b'{"series":{"a":{"b":{"values":[1.5,null,2]}}}}')

    values = found.load(found.columns["a"]["b"]["values"])

    assert [1.5, True, 2.0] == [values[0], np.isnan(values[1]), values[2]]


def test_the_meta_is_read_without_the_rest(path):
    """
    So that a list of long sessions is quick, and one damaged further on is still listed.
    """
    path.write_bytes(b'{"meta":{"session_id":"first"},"series":{"a":{"b":{"c":[1,2')

    assert {"session_id": "first"} == read_meta(path)


def test_an_empty_file_is_unreadable(path):
    """
    Somebody is about to write it, or could not.
    """
    with pytest.raises(Unreadable, match="empty"):
        read(path, b"")


def test_the_end_of_a_series_is_known_without_its_numbers():
    """
    So that the newest of a session of hours is there at once, in little memory.
    """
    whole = json.loads((GOLDEN / "metrics_golden.json").read_bytes())
    expected = {
        (channel, name, column): (len(numbers), numbers[-1])
        for channel, of_channel in whole["series"].items()
        for name, columns in of_channel.items()
        for column, numbers in columns.items()
    }

    found = SummaryReader(GOLDEN / "metrics_golden.json")

    assert expected == {
        (channel, name, column): (place.count, place.last)
        for channel, of_channel in found.columns.items()
        for name, columns in of_channel.items()
        for column, place in columns.items()
    }


def test_a_summary_that_is_cut_short_after_it_was_opened_is_unreadable(path):
    """
    Whoever writes in place may do so at any moment. It is not the reader who ends by it.
    """
    found = read(path, json.dumps({"series": {"a": {"b": {"values": [0.5] * 100_000}}}}).encode())
    path.write_bytes(b"{")

    with pytest.raises(Unreadable):
        found.load(found.columns["a"]["b"]["values"])


@pytest.mark.parametrize(
    "text",
    [
        b'{"meta":[]}',
        b'{"series":[]}',
        b'{"series":{"a":{"b":[1,2]}}}',
        b'{"series":{"a":{"b":{"c":1}}}}',
        b'{"meta":{"long":"' + b"x" * (1 << 20) + b'"}}',
    ],
    ids=["meta is a list", "series is a list", "a series is a list", "a number", "huge meta"],
)
def test_a_document_of_another_kind_is_unreadable(path, text):
    """
    It is not half understood.
    """
    with pytest.raises(Unreadable, match="at byte"):
        read(path, text)
