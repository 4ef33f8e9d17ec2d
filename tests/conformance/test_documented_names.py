"""What the documents of `smartspectra.ipc` and `apphb` name is at its documented path, for good."""

import dataclasses
import inspect
import json
import pkgutil

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.unit.ipc.making import CORE, EDGE, START_US, collector, document, edge

EXPORTS = (
    "MetricsCollector",
    "MetricsCollectorConfig",
    "RespReader",
    "encode_command",
    "normalize",
)
PATHS = {
    "smartspectra.ipc": EXPORTS,
    "smartspectra.ipc.metrics_collector": (
        *EXPORTS,
        "_coerce_sample_timestamp",
        "_coerce_sample_value",
        "_extract_measurement_lists",
        "_has_time_fields",
    ),
    "smartspectra.ipc.metrics_collector.MetricsCollector": (
        "core_channel",
        "edge_channel",
        "recording_channel",
        "recording_state_channel",
        "start",
        "stop",
        "set_session_id",
        "set_recording_state",
        "write_snapshot_temp",
        "maybe_write_periodic_snapshot",
        "process_envelope",
        "get_current_snapshot",
        "_aggregate_envelope",
        "_get_session_paths",
        "_rotate_files_for_session",
        "_store_sample",
        "_write_aggregated_json",
    ),
    "smartspectra.ipc.RespReader": ("read",),
    "vitalrig.heartbeat": (
        "Heartbeat",
        "HeartbeatFieldCount",
        "HeartbeatFieldRate",
        "HeartbeatFieldRecord",
        "HeartbeatFieldRecordData",
        "HeartbeatFieldValue",
        "HeartbeatIdentifier",
        "HeartbeatRecord",
        "HeartbeatRecordData",
    ),
    "vitalrig.heartbeat.Heartbeat": (
        "heartbeat",
        "get_record",
        "get_value",
        "get_global_count",
        "get_window_count",
        "get_instant_count",
        "get_global_rate",
        "get_window_rate",
        "get_instant_rate",
        "count",
        "window_size",
        "time_shape",
        "fields_shape",
        "_window_buffer",
    ),
    "vitalrig.heartbeat.HeartbeatFieldRecord": ("copy",),
    "vitalrig.heartbeat.logging": ("get_log_header", "get_log_record", "get_log_records"),
}


@pytest.mark.parametrize(
    "name", [f"{path}.{name}" for path, names in PATHS.items() for name in names]
)
def test_each_documented_name_is_at_its_documented_path(name):
    """
    Scripts import these and call them; some of them begin with a low line.
    """
    assert pkgutil.resolve_name(name) is not None


def test_the_configuration_has_the_documented_fields():
    """
    In their order, with their defaults.
    """
    fields = {each.name: each.default for each in dataclasses.fields(MetricsCollectorConfig)}

    assert list(fields.items()) == [
        ("redis_host", "localhost"),
        ("redis_port", 6379),
        ("redis_key_prefix", "physiology"),
        ("output_jsonl_path", None),
        ("output_json_path", None),
        ("max_samples_per_series", 0),
        ("append_mode", False),
        ("whitespace", False),
    ]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("_aggregate_envelope", ["envelope"]),
        ("_get_session_paths", ["session_id"]),
        ("_rotate_files_for_session", []),
        ("_store_sample", ["channel", "series", "timestamp", "value", "raw_sample"]),
        ("_write_aggregated_json", []),
    ],
)
def test_protected_methods_take_the_documented_arguments(name, arguments):
    """
    A subclass that replaces one calls the original.
    """
    assert ["self", *arguments] == list(
        inspect.signature(getattr(MetricsCollector, name)).parameters
    )


def test_attributes_begin_with_the_documented_values():
    """
    Scripts look at them before anything has happened.
    """
    made = MetricsCollector(MetricsCollectorConfig(max_samples_per_series=5))

    assert (None, None, False, None) == (
        made.stopped_at_ms,
        made.current_session_id,
        made.recording,
        made.session_start_ms,
    )
    assert (None, 0, 5, 0.0, 0) == (
        made._jsonl_file,
        made._jsonl_count,
        made._maxlen,
        made._last_snapshot_time,
        made._envelope_count,
    )
    assert (None, None) == (made._current_jsonl_path, made._current_json_path)
    assert ({}, {}) == (made._series_data, made._series_state)
    assert MetricsCollector(MetricsCollectorConfig())._maxlen is None
    assert made.started_at_ms > 0


def test_protected_attributes_follow_the_recording(tmp_path):
    """
    Paths, counts and columns can be looked at while it goes on.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    made.set_recording_state(True)
    made.process_envelope(edge(START_US))

    assert (tmp_path / "metrics_x.jsonl", tmp_path / "metrics_x.json") == (
        made._current_jsonl_path,
        made._current_json_path,
    )
    assert made._get_session_paths("x") == (made._current_jsonl_path, made._current_json_path)
    assert made._jsonl_file is not None
    assert (1, 1) == (made._jsonl_count, made._envelope_count)
    assert {"timestamps": [float(START_US)], "values": [0.25], "relative_us": [START_US]} == (
        dict(made._series_data[EDGE]["eda.trace"])
    )
    made.stop()


def test_protected_methods_do_what_they_say(tmp_path):
    """
    A script that drives the parts itself still works.
    """
    made = collector(tmp_path)
    made.set_session_id("x")
    made.set_recording_state(True)
    made._store_sample(CORE, "pulse.rate", 5.0, 72.0, {})
    made._aggregate_envelope(json.loads(edge(START_US)))
    made._write_aggregated_json()
    made._rotate_files_for_session()

    series = document(tmp_path / "metrics_x.json")["series"]
    assert [72.0] == series[CORE]["pulse.rate"]["values"]
    assert [0.25] == series[EDGE]["eda.trace"]["values"]
    made.stop()
