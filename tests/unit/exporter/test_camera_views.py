"""Sessions as another collector writes them."""

import io
import json

import pytest

from services.exporter.camera_view import SnapshotFile
from services.exporter.snapshots.camera_views import camera_views
from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.sessions import START_US, a_trace, an_envelope
from vitalrig.errors import BadMessage
from vitalrig.sessions.store.summary_reader import scan

FILE = SnapshotFile(START_US, 1_000, 0.5)


def views_of(document):
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return camera_views(scan(io.BytesIO(text).read, "it"), FILE)


def a_document(meta=None, **series):
    columns = {
        name: {"timestamps": [START_US - 1e6, START_US], "values": [1.0, value]}
        for name, value in series.items()
    }
    return {
        "meta": {"updated_at_ms": START_US // 1000} | (meta or {}),
        "series": {"physiology:core_metrics": columns},
    }


def a_vendors_document():
    """As the vendor's guide shows it: other names of series, no prefix in meta."""
    return {
        "meta": {"updated_at_ms": START_US // 1000, "session_id": "experiment_001"},
        "series": {
            "physiology:core_metrics": {
                "pulse.strict": {"timestamps": [START_US], "values": [72.5], "relative_us": [0.0]},
                "breathing.strict": {"timestamps": [], "values": [], "relative_us": []},
            },
            "physiology:edge_metrics": {
                "eda": {"timestamps": [START_US], "values": [0.42], "relative_us": [0.0]}
            },
        },
    }


@pytest.mark.parametrize("whitespace", [False, True], ids=["compact", "indented"])
def test_a_snapshot_of_the_drop_in_is_understood(tmp_path, whitespace):
    """
    What `smartspectra.ipc` writes in mid-session, in both of its layouts.
    """
    config = MetricsCollectorConfig(
        output_jsonl_path=tmp_path / "metrics.jsonl",
        output_json_path=tmp_path / "metrics.json",
        redis_key_prefix="ward-2",
        whitespace=whitespace,
    )
    collector = MetricsCollector(config)
    collector.start()
    collector.set_session_id("first")
    collector.set_recording_state(True)
    collector.process_envelope(an_envelope("edge_metrics", START_US, a_trace(START_US, 0.25)))
    snapshot = tmp_path / "metrics_first_snapshot_temp.json"
    collector.write_snapshot_temp()
    collector.stop()

    (view,) = views_of(snapshot.read_bytes())

    assert "ward-2" == view.prefix


def test_the_vendors_names_are_understood():
    """
    The camera is named by its channels; the signals by the names in the vendor's guide.
    """
    (view,) = views_of(a_vendors_document())

    assert ("physiology", {"core_metrics/pulse.strict": 72.5, "edge_metrics/eda": 0.42}) == (
        view.prefix,
        {name: sample.value for name, sample in view.series.items()},
    )


def test_a_session_that_goes_on_is_recording_and_one_that_stopped_is_over():
    """
    `stopped_at_ms` is there only when it has stopped.
    """
    (live,) = views_of(a_document({"jsonl_envelopes_written": 18_000}))
    (over,) = views_of(a_document({"stopped_at_ms": START_US // 1000}))

    assert (True, False, 18_000) == (live.recording.active, live.ended, live.recording.records)
    assert (False, True) == (over.recording.active, over.ended)


def test_meta_may_come_last():
    """
    JSON has no order.
    """
    document = a_document(**{"pulse.rate": 71.5})

    (view,) = views_of(dict(reversed(document.items())))

    assert START_US == view.updated_us


def test_a_snapshot_without_its_time_is_as_old_as_its_file():
    """
    Documented fields may be missing.
    """
    document = a_document(**{"pulse.rate": 71.5})
    del document["meta"]["updated_at_ms"]

    (view,) = views_of(document)

    assert FILE.written_us == view.updated_us


def test_several_cameras_in_one_file_are_several_cameras():
    """
    Somebody may record two prefixes into one file.
    """
    document = a_document(**{"pulse.rate": 71.5})
    document["series"]["ward-2:core_metrics"] = {
        "pulse.rate": {"timestamps": [START_US], "values": [64.5]}
    }

    views = views_of(document)

    assert {"physiology": 71.5, "ward-2": 64.5} == {
        view.prefix: view.series["core_metrics/pulse.rate"].value for view in views
    }


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"meta": {}, "series": {}},
        {"series": {"core_metrics": {"pulse.rate": {"timestamps": [1, 2], "values": [1]}}}},
        {"series": {"core_metrics": {"pulse.rate": {}}}},
    ],
    ids=["no member", "nothing in it", "lengths differ", "no columns"],
)
def test_what_is_no_session_is_refused(document):
    """
    Any document may lie in the folder.
    """
    with pytest.raises(BadMessage):
        views_of(document)


@pytest.mark.parametrize(
    "meta",
    [{"updated_at_ms": "now"}, {"jsonl_envelopes_written": "all"}, {"redis_prefix": "x" * 70}],
    ids=["time", "count", "prefix"],
)
def test_a_meta_that_makes_no_sense_is_refused(meta):
    """
    Its numbers would be somebody's guess.
    """
    with pytest.raises(BadMessage):
        views_of({"meta": meta, "series": {}})
