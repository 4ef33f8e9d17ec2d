"""What is taken for an event, and what a caller reads who sent something else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalrig.telemetry.event_models import EventRequest
from vitalrig.telemetry.json_limits import MAX_DEPTH
from vitalrig.telemetry.request_bodies import MAX_BODY_BYTES, read_batch, read_event, read_run
from vitalrig.telemetry.telemetry_errors import TelemetryRequestError

JSON = "application/json"


def refused(body, content_type=JSON, read=read_event):
    with pytest.raises(TelemetryRequestError) as caught:
        read(body if isinstance(body, bytes) else json.dumps(body).encode(), content_type)
    return caught.value.status, caught.value.detail


def complaint(body, content_type=JSON, read=read_event):
    """Kind and place of the only thing that is wrong."""
    status, (error,) = refused(body, content_type, read)
    json.dumps(error, allow_nan=False).encode()
    return status, error["type"], error["loc"]


def nested(depth):
    return b'{"type":"a","data":' + b"[" * depth + b"]" * depth + b"}"


def test_long_integers_and_pythons_floats_survive():
    """
    Digit for digit.
    """
    number = int("9" * 300)

    event = read_event(b'{"type":"a","data":[%d,1e22,-0.0,1.0]}' % number, JSON)

    assert f"[{number}, 1e+22, -0.0, 1.0]" == str(event.data)


def test_the_last_of_two_keys_wins_and_unknown_ones_are_passed_over():
    """
    As PANOPTES's server has it.
    """
    event = read_event(b'{"type":"a","data":1,"data":2,"seq":7,"stream":"x"}', JSON)

    assert EventRequest(type="a", data=2) == event


@pytest.mark.parametrize("value", ["no", "off", "0", 0, 1, 1.0, "true"])
def test_these_are_taken_for_a_boolean(value):
    """
    Clients in other languages send them.
    """
    assert read_event(
        json.dumps({"type": "a", "data": 1, "make_current": value}).encode(), JSON
    ).make_current in (False, True)


@pytest.mark.parametrize(
    ("changed", "kind", "name"),
    [
        ({"type": 5}, "string_type", "type"),
        ({"type": "x" * 1_001}, "string_too_long", "type"),
        ({"ts": 5}, "string_type", "ts"),
        ({"ts": ""}, "rfc3339_time", "ts"),
        ({"ts": "banana"}, "rfc3339_time", "ts"),
        ({"ts": "2026-03-17T20:30:00"}, "rfc3339_time", "ts"),
        ({"ts": "2026-02-30T20:30:00Z"}, "rfc3339_time", "ts"),
        ({"ts": "2026-02-20T20:30:00+24:00"}, "rfc3339_time", "ts"),
        ({"meta": None}, "dict_type", "meta"),
        ({"meta": []}, "dict_type", "meta"),
        ({"make_current": 2}, "bool_parsing", "make_current"),
        ({"make_current": "maybe"}, "bool_parsing", "make_current"),
        ({"make_current": None}, "bool_type", "make_current"),
        ({"store_permanently": None}, "bool_type", "store_permanently"),
        ({"data": float("nan")}, "finite_number", "data"),
        ({"data": {"a": [float("-inf")]}}, "finite_number", "data"),
        ({"meta": {"a": float("inf")}}, "finite_number", "meta"),
        ({"data": "\ud800"}, "string_unicode", "data"),
        ({"data": {"\ud800": 1}}, "string_unicode", "data"),
        ({"type": "\udc00"}, "string_unicode", "type"),
        ({"key": ""}, "string_too_short", "key"),
    ],
)
def test_a_field_that_is_wrong_is_named(changed, kind, name):
    """
    In pydantic's form, below `body`, in an answer that is JSON itself.
    """
    body = {"type": "a", "data": 1} | changed

    assert (422, kind, ["body", name]) == complaint(body)


def test_data_may_be_null_and_may_not_be_missing():
    """
    Null is a value.
    """
    assert read_event(b'{"type":"a","data":null}', JSON).data is None
    assert (422, "missing", ["body", "data"]) == complaint({"type": "a"})


def test_a_number_too_large_for_a_double_is_an_infinity():
    """
    1e999 is written nowhere.
    """
    assert (422, "finite_number", ["body", "data"]) == complaint(b'{"type":"a","data":1e999}')


def test_data_may_be_nested_a_hundred_levels_deep():
    """
    And not one more, however many more those are.
    """
    read_event(nested(MAX_DEPTH), JSON)

    assert (422, "json_depth", ["body", "data"]) == complaint(nested(MAX_DEPTH + 1))
    assert (422, "json_depth", ["body", "data"]) == complaint(nested(400))
    assert (422, "json_invalid", ["body"]) == complaint(nested(100_000))


def test_an_integer_that_python_does_not_read_is_refused():
    """
    Such one could be written and never read again.
    """
    assert 422 == refused(b'{"type":"a","data":' + b"9" * 5_000 + b"}")[0]
    assert 422 == refused(b'{"type":"a","data":' + b"9" * 4_290 + b"}")[0]


@pytest.mark.parametrize("content_type", ["", "text/json", "text/plain", "application/x-a"])
def test_what_is_not_sent_as_json_is_not_read_as_json(content_type):
    """
    A page in a browser can send such a body without being asked for permission.
    """
    status, (error,) = refused({"type": "a", "data": 1}, content_type)

    assert (422, "model_attributes_type", ["body"]) == (status, error["type"], error["loc"])
    assert '{"type": "a", "data": 1}' == error["input"]


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.a+json"],
)
def test_these_are_sent_as_json(content_type):
    """
    Parameters, case and suffix do not matter.
    """
    assert 1 == read_event(b'{"type":"a","data":1}', content_type).data


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("missing", ["body"])),
        (b"null", ("model_attributes_type", ["body"])),
        (b"[]", ("model_attributes_type", ["body"])),
        (b'"a"', ("model_attributes_type", ["body"])),
        (b"{", ("json_invalid", ["body", 1])),
        (b'{"type":"a" "data":1}', ("json_invalid", ["body", 12])),
    ],
)
def test_a_body_that_is_no_event_at_all(body, expected):
    """
    The reader learns where it broke.
    """
    assert (422, *expected) == complaint(body)


@pytest.mark.parametrize("body", [b'{"type":"a","data":"\xe4"}', b"\x1f\x8b\x08\x00\xff\xff\xff"])
def test_a_body_that_is_no_text_is_a_bad_request(body):
    """
    With PANOPTES's words.
    """
    assert (400, "There was an error parsing the body") == refused(body)


def test_a_body_of_more_than_a_mebibyte_is_too_large():
    """
    It is not even read.
    """
    body = b'{"type":"a","data":"' + b"x" * MAX_BODY_BYTES + b'"}'

    assert 413 == refused(body)[0]


def test_a_batch_says_which_of_its_events_is_wrong():
    """
    By its index; nothing else of it is taken.
    """
    events = [{"type": "a", "data": 1}, {"type": "a"}, {"type": "a", "data": float("nan")}]
    status, errors = refused(events, read=read_batch)

    assert (422, [["body", 1, "data"], ["body", 2, "data"]]) == (
        status,
        [error["loc"] for error in errors],
    )


@pytest.mark.parametrize("body", [b"", b"null", b" null ", b"{}"])
def test_a_run_may_begin_with_an_empty_body(body):
    """
    All of it has defaults.
    """
    assert (None, None, {}) == tuple(dict(read_run(body, JSON)).values())


@pytest.mark.parametrize(
    ("body", "kind", "place"),
    [
        ([], "model_attributes_type", ["body"]),
        ({"run_id": 5}, "string_type", ["body", "run_id"]),
        ({"run_dir": 5}, "string_type", ["body", "run_dir"]),
        ({"meta": None}, "dict_type", ["body", "meta"]),
        ({"run_dir": "a\0b"}, "folder_name", ["body", "run_dir"]),
        ({"run_id": "x" * 256}, "folder_name", ["body", "run_id"]),
        ({"meta": {"run_id": "\0"}}, "folder_name", ["body", "meta"]),
    ],
)
def test_a_run_that_cannot_be_is_refused_before_anything_is_made(body, kind, place):
    """
    A file system would refuse it later, half-way.
    """
    assert (422, kind, place) == complaint(body, read=read_run)


@given(st.binary(max_size=80))
def test_any_body_is_an_event_or_refused(body):
    """
    Nothing else leaves the reader.
    """
    try:
        event = read_event(body, JSON)
    except TelemetryRequestError as exc:
        json.dumps(exc.detail, allow_nan=False).encode()
    else:
        json.dumps(event.data, allow_nan=False)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(EventRequest.model_fields)), JSON_VALUES))
def test_any_json_is_an_event_or_refused(document):
    """
    What is taken can be written, and read again.
    """
    try:
        event = read_event(json.dumps(document).encode(), JSON)
    except TelemetryRequestError as exc:
        json.dumps(exc.detail, allow_nan=False).encode()
    else:
        assert document["data"] == json.loads(json.dumps(event.data, allow_nan=False))
