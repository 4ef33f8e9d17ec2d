"""JSON to protobuf and back: nothing is lost, nothing is added."""

import numpy as np
import pytest
from google.protobuf import json_format
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.physiology_server.rpc.payloads import fill_payload
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from services.physiology_server.signals.wire_samples import shortest
from services.physiology_server.sources.synthetic_source import SyntheticSource
from tests.support import gen_c
from vitalrig.clock import ManualClock
from vitalrig.rpc import metrics_pb2

# The shortest decimal of the largest 32-bit float is a little too large for protobuf's parser.
LARGE = 2.0**127
NORMAL = st.floats(-LARGE, LARGE, width=32, allow_subnormal=False)
SCALARS = {
    # Zero, false and empty are not written, so they are not generated.
    float: NORMAL.filter(bool).map(shortest),
    bool: st.just(True),
    str: st.text(min_size=1, max_size=20),
    int: st.integers(1, 2**31 - 1),
}
STAMPS = st.integers(-(2**63), 2**63 - 1).filter(bool).map(str)
NAMED = {
    "timestamp": STAMPS,
    "frame_timestamp": STAMPS,
    "sent_at_s": st.floats(allow_nan=False, allow_infinity=False).filter(bool),
}


def payloads(shape):
    if isinstance(shape, list):
        return st.lists(payloads(shape[0]), min_size=1, max_size=2)
    if isinstance(shape, dict):
        fields = {
            name: NAMED[name] if name in NAMED else payloads(of) for name, of in shape.items()
        }
        return st.fixed_dictionaries({}, optional=fields)
    return SCALARS[shape]


def there_and_back(payload, message):
    assert 0 == fill_payload(message, payload)
    return json_format.MessageToDict(message, preserving_proto_field_name=True)


@settings(max_examples=60)
@given(payloads(gen_c.METRICS_BUFFER))
@example({"pulse": {"rate": [{"value": 1.6777216e7, "timestamp": "-9223372036854775808"}]}})
def test_a_core_payload_comes_back_as_it_was(payload):
    """
    Snake case, 64-bit integers as text, floats as short as they were.
    """
    assert payload == there_and_back(payload, metrics_pb2.MetricsBuffer())


@settings(max_examples=60)
@given(payloads(gen_c.METRICS))
def test_an_edge_payload_comes_back_as_it_was(payload):
    """
    The same for what is measured in each frame.
    """
    assert payload == there_and_back(payload, metrics_pb2.Metrics())


def without_defaults(node):
    """As protobuf writes it: what is false, zero or empty is left out."""
    if isinstance(node, dict):
        return {k: without_defaults(v) for k, v in node.items() if v not in (False, 0.0)}
    return [without_defaults(item) for item in node] if isinstance(node, list) else node


def made(seconds=16):
    """What the pipeline really makes of a synthetic subject."""
    edge = Edge(enable_eda=True, enable_micromotion=True, source_kind="upload")
    core = Core(
        buffer_duration_s=1.0,
        enable_phasic_bp=True,
        source_kind="upload",
        run_id="run1",
        version="1",
        clock=ManualClock(),
    )
    source = SyntheticSource(seed=1, fps=30.0, pulse_per_minute=72, breathing_per_minute=15)
    for frame in source.frames():
        if frame.time_s > seconds:
            return
        stamp_us = 1_700_000_000_000_000 + round(frame.time_s * 1e6)
        yield metrics_pb2.Metrics(), edge.payload(frame, stamp_us)
        if (payload := core.add(frame, stamp_us)) is not None:
            yield metrics_pb2.MetricsBuffer(), payload


def test_what_the_pipeline_makes_fits_the_schema_and_comes_back():
    """
    Sixteen seconds, with rates: every field has its place, to the last decimal.
    """
    lost = [
        payload
        for message, payload in made()
        if without_defaults(payload) != there_and_back(payload, message)
    ]

    assert [] == lost


@pytest.mark.parametrize(
    ("payload", "kept", "misfits"),
    [
        ({"eda": 0.42, "breathing": {"upper_trace": [{"value": 1.5}]}}, "breathing", 1),
        ({"eda": {"trace": [{"value": 1.5}]}, "breathing": {"strict": 15.0}}, "eda", 1),
        ({"eda": {"trace": [{"value": 1.5}]}, "source": "replay"}, "eda", 0),
        ({"eda": {"trace": [{"value": 1.5}, {"value": 3.4028235e38}]}}, "eda", 1),
        ({"eda": {"trace": ["1.5", {"value": 1.5}]}}, "eda", 1),
    ],
    ids=["a number for a list", "a number within", "a name of ours", "too large", "text"],
)
def test_what_does_not_fit_costs_only_itself(payload, kept, misfits):
    """
    A replayed session may be in the short form of older documents.
    """
    message = metrics_pb2.Metrics()

    assert (misfits, True) == (fill_payload(message, payload), message.HasField(kept))


def test_other_spellings_are_understood():
    """
    Some recorders write camelCase.
    """
    message = metrics_pb2.MetricsBuffer()
    fill_payload(message, {"bloodPressure": {"phasic": [{"value": float(np.float32(0.5))}]}})

    assert 0.5 == message.blood_pressure.phasic[0].value
