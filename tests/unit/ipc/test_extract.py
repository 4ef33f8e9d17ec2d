import pytest

from smartspectra.ipc.wire.measurements import (
    has_time_fields,
    measurement_lists,
    sample_timestamp_us,
    sample_value,
)
from tests.unit.ipc.making import sample


def extracted(payload):
    return dict(measurement_lists(payload))


def test_series_are_named_by_the_path_of_keys():
    """
    Groups and leaves are joined by dots.
    """
    payload = {"pulse": {"rate": [sample()], "trace": [sample(), sample()]}}

    assert {"pulse.rate": [sample()], "pulse.trace": [sample(), sample()]} == extracted(payload)


def test_a_path_can_be_given():
    """
    The documented second argument is what stands before the names.
    """
    assert [("pulse.rate", [sample()])] == list(measurement_lists({"rate": [sample()]}, ["pulse"]))


def test_camel_case_has_the_same_names_as_snake_case():
    """
    Mobile programs re-encode with protobuf's default spelling.
    """
    payload = {"bloodPressure": {"phasic": [sample()]}, "breathing": {"upperTrace": [sample()]}}

    assert {"blood_pressure.phasic", "breathing.upper_trace"} == extracted(payload).keys()


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"eda": 0.42}, {"eda": [{"value": 0.42}]}),
        ({"upper_breathing_trace": 1}, {"upper_breathing_trace": [{"value": 1}]}),
        ({"pulse": {"strict": 72.5}}, {"pulse.strict": [{"value": 72.5}]}),
        (
            {"pulse": {"strict": {"value": 72.5, "confidence": 0.9}}},
            {"pulse.strict": [{"value": 72.5, "confidence": 0.9}]},
        ),
        ({"pulse": {"strict": [72.5]}}, {"pulse.strict": [{"value": 72.5}]}),
    ],
    ids=["scalar", "flat", "number", "object", "list"],
)
def test_scalars_objects_and_lists_are_measurements(payload, expected):
    """
    The vendor's own examples have all of these shapes.
    """
    assert expected == extracted(payload)


@pytest.mark.parametrize(
    "payload",
    [
        {"metadata": {"sent_at_s": 1.5, "frame_count": 6}},
        {"face": {"landmarks": [{"value": [{"x": 1.0, "y": 2.0}], "stable": True}]}},
        {"face": {"landmarks": [{"reset": True, "timestamp": "5"}]}},
        {"face": {"micro_expression": [{"expression": "joy", "confidence": 1.0, "time": 2.0}]}},
        {"face": {"expression": [{"scores": [{"type": 5, "confidence": 1}], "timestamp": "5"}]}},
        {"timestamp": "5", "time": 2.0, "status": "OK", "flag": True},
        {"pulse": {"trace": [], "strict": {}, "rate": [{}]}},
        {"labels": ["1", "2", None, [3]]},
        [1, 2],
        7,
        None,
        "text",
    ],
)
def test_what_is_no_measurement_is_left_out(payload):
    """
    Metadata, landmarks, expressions, words and empty fields make no series.
    """
    assert {} == extracted(payload)


def test_nesting_beyond_reason_is_left_out():
    """
    A hostile payload does not exhaust the stack.
    """
    payload = {"value": 1}
    for _ in range(900):
        payload = {"x": payload}

    assert {} == extracted(payload)


@pytest.mark.parametrize(
    ("given", "expected_us"),
    [
        ({"timestamp": "1759779683578333"}, 1_759_779_683_578_333.0),
        ({"timestamp": 5}, 5.0),
        ({"timestamp": 5.4}, 5.0),
        ({"timestamp": "5", "time": 2.0}, 5.0),
        ({"time": 1.53333294}, 1_533_333.0),
        ({"timestamp": "0", "time": 2.0}, 2_000_000.0),
        ({"timestamp": "soon", "time": 2.0}, 2_000_000.0),
        ({"timestamp": 0}, 0.0),
        ({"timestamp": "9" * 17}, None),
        ({"timestamp": [1]}, None),
        ({}, None),
    ],
)
def test_a_samples_time_is_whole_microseconds(given, expected_us):
    """
    ``timestamp`` in microseconds, else the deprecated ``time`` in seconds.
    """
    assert expected_us == sample_timestamp_us(given)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"value": 0.5}, 0.5),
        ({"value": 3}, 3.0),
        ({"value": "0.5"}, 0.5),
        ({"value": True}, 1.0),
        ({"detected": True}, 1.0),
        ({"detected": False}, 0.0),
        ({"timestamp": "5", "stable": True}, 0.0),
        ({"stable": True}, None),
        ({"timestamp": "5", "expression": "joy"}, None),
        ({"value": "NaN"}, None),
        ({"value": float("inf")}, None),
        ({"value": 10**400}, None),
        ({"value": [1]}, None),
        ({"value": None}, None),
    ],
)
def test_a_samples_value_is_a_finite_number_or_none(given, expected):
    """
    Protobuf leaves zeros out, ``detected`` counts as 0 or 1, NaN is not a value.
    """
    assert expected == sample_value(given)


def test_a_sample_has_time_fields_if_one_of_them_says_something():
    """
    Null is nothing.
    """
    assert has_time_fields({"timestamp": "5"})
    assert has_time_fields({"time": 0.0})
    assert not has_time_fields({"time": None, "value": 1})
