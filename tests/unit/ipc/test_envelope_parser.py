"""An envelope of a form that came before is read as if none had come."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartspectra.ipc import MetricsCollector
from smartspectra.ipc.wire.codec import standard_library_only
from smartspectra.ipc.wire.envelope_parser import EnvelopeParser, is_typed
from tests.unit.ipc.making import START_US, collector, core, edge, envelope, sample

pytest.importorskip("msgspec")

BLINK = {"time": 1.5, "detected": True, "stable": True, "timestamp": str(START_US + 1)}
USUAL = [
    edge(START_US + 1),
    envelope("edge_metrics", {"face": {"blinking": [BLINK]}, "source": "camera"}, START_US + 1),
    core(START_US + 1, START_US + 2, id="vitalrig-camera-1", api_version="1"),
]


def twin_collectors(lessons: list[bytes]) -> tuple[MetricsCollector, MetricsCollector]:
    """Two that got the same, of which the first has learned its forms."""
    made = collector(None), collector(None)
    made[0].process_envelopes(lessons)
    with standard_library_only():
        made[1].process_envelopes(lessons)
    return made


def told(collector: MetricsCollector) -> tuple[Any, ...]:
    snapshot, stats = collector.get_current_snapshot(), collector.stats
    return (
        snapshot["series"],
        snapshot["meta"]["source"],
        stats.samples,
        stats.duplicates,
        stats.unusable,
        stats.resets,
        dict(stats.rejected),
        dict(stats.channels),
    )


def agree(messages: list[bytes]) -> None:
    known, anew = twin_collectors(USUAL)
    known.process_envelopes(messages)
    with standard_library_only():
        anew.process_envelopes(messages)

        assert told(anew) == told(known)


def test_an_envelope_of_a_known_form_makes_no_dictionary():
    """
    Its numbers are read straight into typed values, also when keys are missing.
    """
    parser = EnvelopeParser()
    for message in USUAL:
        parser.parse(message)

    assert all(is_typed(parser.parse(message)) for message in USUAL)
    assert is_typed(parser.parse(envelope("edge_metrics", {"eda": {"trace": []}})))


numbers = (
    st.integers(-5, 2**70)
    | st.floats()
    | st.text("0123456789.-+e_ naif", max_size=8)
    | st.sampled_from([START_US, str(START_US), 7 * 10**15, True, None, "true", [], {}])
)
samples = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": st.integers(START_US, START_US + 9).map(str) | numbers,
        "value": st.floats(-1, 1) | numbers,
        "detected": st.booleans() | numbers,
        "time": numbers,
        "stable": st.booleans() | numbers,
        "confidence": numbers,
        "expression": numbers,
    },
)
leaves = st.lists(samples, max_size=3) | samples | numbers
groups = st.dictionaries(
    st.sampled_from(["trace", "blinking", "strict", "Trace", "value", "timestamp"]), leaves
)
payloads = st.dictionaries(
    st.sampled_from(["eda", "face", "pulse", "metadata", "source"]), groups | leaves
)
kinds = st.sampled_from(["edge_metrics", "core_metrics", "status"])
odd_envelopes = st.builds(envelope, kinds, payloads, st.integers(START_US, START_US + 9) | numbers)


@given(st.lists(odd_envelopes | st.sampled_from(USUAL), max_size=6))
@example([edge(START_US + 9, START_US + 5), edge(START_US + 7)])
@example([envelope("edge_metrics", {"face": {"blinking": [BLINK | {"detected": "true"}]}})])
@example([envelope("edge_metrics", {"eda": {"trace": [sample(value="inf")]}})])
@example([envelope("core_metrics", {"pulse": {"strict": {"value": 1}}}, 1_759_779_683)])
def test_whatever_follows_gives_the_same_series_and_counts(messages):
    """
    Whether its form was learned, is learned from it, or is none to learn.
    """
    agree(messages)


@given(st.data())
def test_a_damaged_envelope_is_kept_or_rejected_as_without_its_form(data):
    """
    A decoder that skips what it does not need must not let through what is not JSON.
    """
    message = bytearray(data.draw(st.sampled_from(USUAL)))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(message)))
        damage = data.draw(st.sampled_from(b'\x00\n \\"{}[],:-.0e9\x7f\xc3\xff') | st.none())
        message[at : at + data.draw(st.integers(0, 2))] = b"" if damage is None else bytes([damage])

    agree([bytes(message), *USUAL])


@pytest.mark.parametrize(
    "message",
    [
        b'{"type":"edge_metrics","timestamp":5,"payload":{},"type":"core_metrics"}',
        b'{"payload":{"eda":{"trace":[]}},"timestamp":5,"type":"edge_metrics"}',
        b'{"type":"edge_metrics","timestamp":5,"payload":{"eda":{"trace":[]},"eda":{"trace":5}}}',
        b'{"type":"edge_metrics","timestamp":5,"payload":{"eda":{"tr\\u0061ce":[]}}}',
        b'{"type":"edge_metrics","timestamp":5,"payload":{},"more":"\xff"}',
        b'{"type":"edge_metrics","timestamp":5,"payload":{},"more":"\xc3\xa9"}',
        b'{"type":"edge_metrics","timestamp":5,"payload":{},"more":"\\ud800"}',
        b'{"type":"edge_metrics","timestamp":5,"payload":{},"more":'
        + b"[" * 810
        + b"]" * 810
        + b"}",
        b'{"type":"edge_metrics","timestamp":5,"payload":{},"more":'
        + b"[" * 790
        + b"]" * 790
        + b"}",
        b'{"type":"edge_metrics","timestamp":5,"payload":{},"more":NaN}',
        b' {"type":"edge_metrics","timestamp":5,"payload":{}} ',
        b'{"type":"edge_metrics","timestamp":5,"payload":{}}{"type":"edge_metrics","payload":{}}',
    ],
)
def test_what_two_parsers_might_see_in_two_ways_is_seen_in_one(message):
    """
    Keys that come twice, other orders and escapes, text that is none, and depth.
    """
    agree([message])


def test_a_publisher_that_makes_up_names_makes_few_decoders():
    """
    A decoder is costly to make: what keeps being new goes the long way.
    """
    parser = EnvelopeParser()
    for number in range(500):
        message = envelope("edge_metrics", {f"made_up_{number}": {"trace": [sample()]}})
        parser.parse(message)

    assert not is_typed(parser.parse(message))
    assert json.loads(message) == parser.parse(message)
