import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from smartspectra.ipc.series.table import MAX_SERIES
from smartspectra.ipc.wire import codec
from tests.unit.ipc.making import (
    CORE,
    EDGE,
    START_US,
    collector,
    config,
    core,
    edge,
    envelope,
    recording,
    sample,
    stream,
)


class Watching(MetricsCollector):
    """A collector whose owner wants to see each sample."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.seen: list[tuple[str, str, float, float]] = []

    def _store_sample(self, channel, series, timestamp, value, raw_sample) -> None:
        self.seen.append((channel, series, timestamp, value))
        super()._store_sample(channel, series, timestamp, value, raw_sample)


def series_of(collector: MetricsCollector) -> dict[str, Any]:
    return collector.get_current_snapshot()["series"]


samples = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": st.integers(START_US, START_US + 9).map(str) | st.integers(0, 9),
        "value": st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
        "detected": st.booleans(),
        "expression": st.text(max_size=3),
    },
)
leaves = st.lists(samples, max_size=4) | samples | st.floats(-1, 1) | st.none() | st.text()
keys = st.sampled_from(
    ["trace", "upper_trace", "upperTrace", "strict", "landmarks", "a.b", "value"]
)
groups = st.dictionaries(keys, leaves, max_size=4) | leaves
payloads = st.dictionaries(
    st.sampled_from(["pulse", "eda", "breathing", "metadata", "timestamp", "Eda"]),
    groups,
    max_size=4,
)
envelopes = st.builds(
    envelope,
    st.sampled_from(["core_metrics", "edge_metrics", "status"]),
    payloads,
    st.integers(START_US, START_US + 20),
)


@given(st.lists(envelopes, max_size=8), st.integers(0, 8))
@example(
    [
        envelope("core_metrics", {"eda": {"upper_trace": [sample(START_US)]}}),
        envelope("core_metrics", {"eda": {"upperTrace": [sample(START_US + 1)]}}),
        envelope("core_metrics", {"eda": {"upperTrace": [sample(START_US + 3)]}}),
        envelope("core_metrics", {"eda": {"upper_trace": 0.5}}, START_US + 4),
        envelope("core_metrics", {"eda": {"upperTrace": [sample(START_US + 5)]}}),
    ],
    2,
)
@example(
    [
        envelope("core_metrics", {"eda": {"trace": [sample(START_US)]}}),
        envelope("core_metrics", {"eda": {"timestamp": "5000", "expression": "joy"}}),
    ],
    1,
)
@example(
    [
        envelope("core_metrics", {"eda": {"trace": [sample(START_US)]}}),
        envelope("core_metrics", {"eda": {"trace": [sample(START_US + 3)]}}),
        envelope("core_metrics", {"eda": [sample(START_US + 5)], "Eda": {"trace": [sample()]}}),
    ],
    2,
)
def test_the_short_way_gives_what_the_long_way_gives(batch, middle):
    """
    The series are those of a collector that looks at every sample by itself.

    However the envelopes are batched, with extras and without.
    """
    watching = Watching(config(None))
    for each in batch:
        watching.process_envelope(each)
    whole, halves, standard = collector(None), collector(None), collector(None)

    whole.process_envelopes(batch)
    halves.process_envelopes(batch[:middle])
    series_of(halves)
    halves.process_envelopes(batch[middle:])
    with codec.standard_library_only():
        standard.process_envelopes(batch)
        expected = series_of(watching)

        assert expected == series_of(whole)
        assert expected == series_of(halves)
        assert expected == series_of(standard)


@given(st.lists(st.binary() | envelopes | st.text() | st.integers() | st.none(), max_size=5))
@example([recording(True), b'{"type":"recording_state","payload":{"session_id":"../x"}}'])
@example([b'{"type":"core_metrics","timestamp":1,"payload":{"\\ud800":{"a":[{"value":1}]}}}'])
@example([b'{"type":"\\ud800","timestamp":1,"payload":{}}'])
@example([b'{"type":"core_metrics","payload":' + b'{"a":' * 900 + b"1" + b"}" * 901])
def test_no_message_can_stop_a_collector(messages):
    """
    Whatever arrives is kept or counted, and the state can be looked at afterwards.
    """
    made = collector(None)

    made.process_envelopes(messages)
    for message in messages:
        made.process_envelope(message)

    stats = made.stats
    assert 2 * len(messages) == stats.envelopes + sum(stats.rejected.values())
    json.dumps(made.get_current_snapshot())


def test_a_subclass_sees_every_sample_with_its_time_in_microseconds():
    """
    The documented protected method is called if someone overrides it.
    """
    watching = Watching(config(None))

    watching.process_envelope(edge(START_US, value=0.5))
    watching.process_envelope(core(START_US))

    assert [
        (EDGE, "eda.trace", float(START_US), 0.5),
        (CORE, "pulse.trace", float(START_US), 0.25),
        (CORE, "pulse.strict", float(START_US), 72.5),
    ] == watching.seen


def test_a_subclass_that_takes_envelopes_itself_gets_all_of_them():
    """
    The other documented hook, with the parsed envelope.
    """
    got: list[str] = []

    class Taking(MetricsCollector):
        def _aggregate_envelope(self, envelope) -> None:
            got.append(envelope["type"])

    Taking(config(None)).process_envelopes([edge(START_US), core(START_US)])

    assert ["edge_metrics", "core_metrics"] == got


def test_detections_count_as_zero_and_one():
    """
    Blinking becomes a series of numbers; zeros that protobuf leaves out are zeros.
    """
    made = collector(None)
    blinking = [
        {"detected": True, "timestamp": "1000"},
        {"timestamp": "2000", "stable": True},
        {"detected": False, "timestamp": "3000"},
    ]

    made.process_envelope(envelope("edge_metrics", {"face": {"blinking": blinking}}))

    assert [1.0, 0.0, 0.0] == series_of(made)[EDGE]["face.blinking"]["values"]


def test_scalars_and_strict_values_have_the_envelopes_time():
    """
    In microseconds, whatever unit the envelope uses.
    """
    made = collector(None)
    payload = {"pulse": {"strict": {"value": 72.5, "confidence": 0.95}}}

    made.process_envelope(envelope("core_metrics", payload, 1_759_779_683))
    made.process_envelope(envelope("edge_metrics", {"eda": 0.42}, 1_759_779_683_500))

    series = series_of(made)
    assert {
        "timestamps": [1_759_779_683e6],
        "values": [72.5],
        "relative_us": [1_759_779_683e6],
    } == (series[CORE]["pulse.strict"])
    assert [1_759_779_683_500_000.0] == series[EDGE]["eda"]["timestamps"]


def test_series_without_samples_do_not_appear():
    """
    An empty list in a payload is not a series.
    """
    made = collector(None)

    made.process_envelope(envelope("core_metrics", {"pulse": {"trace": [], "rate": [sample()]}}))

    assert {"pulse.rate"} == series_of(made)[CORE].keys()


def test_status_and_unknown_types_are_counted_and_make_no_series():
    """
    Only core and edge metrics are measurements.
    """
    made = collector(None)

    made.process_envelopes(
        [envelope("status", {"value": 1}), envelope("status", "OK"), envelope("novel", {"a": 1})]
    )

    assert {} == series_of(made)
    assert {"physiology:status": 2, "physiology:novel": 1} == dict(made.stats.channels)


def test_made_up_names_do_not_fill_the_memory():
    """
    Beyond a thousand series, samples are counted as unusable and no place is made.
    """
    made = collector(None)
    for number in range(0, MAX_SERIES + 100, 50):
        payload = {f"made_up_{number + each}": {"x": [sample()]} for each in range(50)}
        made.process_envelope(envelope("core_metrics", payload))

    assert MAX_SERIES == made.get_current_snapshot()["meta"]["series_count"]


def test_a_recorded_stream_has_every_sample():
    """
    Nothing is dropped from a clean stream.
    """
    made = collector(None)
    for each in stream(700):
        made.process_envelope(each)

    series = series_of(made)
    assert 600 == len(series[EDGE]["eda.trace"]["values"])
    assert 500 == len(series[CORE]["pulse.trace"]["values"])
    assert 100 == len(series[CORE]["pulse.strict"]["values"])
    assert (1_200, 0, 0) == (made.stats.samples, made.stats.duplicates, made.stats.resets)


def test_fewer_documents_than_messages_are_refused_before_anything_is_recorded(tmp_path):
    """
    Whoever parses for a collector cannot make it pass over messages in silence.
    """
    collector = MetricsCollector(MetricsCollectorConfig(output_jsonl_path=tmp_path / "m.jsonl"))
    raw = b'{"type":"status","timestamp":1,"payload":"OK"}'

    with pytest.raises(ValueError, match="2 messages came with 1 documents"):
        collector.process_envelopes([raw, raw], parsed=[None])
    assert 0 == collector.stats.envelopes
