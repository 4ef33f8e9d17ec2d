"""The page for Prometheus, from reports in a real Redis."""

import json
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from services.exporter.page import Page
from services.exporter.sources.cameras import CameraSource
from services.exporter.sources.disk import DiskSource
from services.exporter.sources.heartbeats import HeartbeatSource
from services.exporter.sources.redis_server import RedisSource
from tests.support.programs import program
from vitalrig import keys
from vitalrig.clock import ManualClock

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics.prom"


def a_sample(clock, value, **more):
    return {
        "timestamp_us": clock.wall_us(),
        "value": value,
        "stable": True,
        "confidence": None,
        "samples": 40,
        **more,
    }


def a_camera(clock, **more):
    return {
        "prefix": "physiology",
        "updated_us": clock.wall_us(),
        "status": "OK",
        "series": {
            "core_metrics/pulse.rate": a_sample(clock, 71.5, confidence=0.9),
            "core_metrics/breathing.rate": a_sample(clock, 14.5, confidence=0.8, samples=20),
            "core_metrics/blood_pressure.phasic": a_sample(clock, 0.05),
        },
        "envelopes": {"core_metrics": 10, "edge_metrics": 60},
        "rejected": {"not_json": 1},
        "recording": {
            "active": True,
            "paused": "",
            "records": 70,
            "size_bytes": 35_000,
            "write_failures": 0,
            "last_sync_us": clock.wall_us(),
        },
        "counters": {"missing": 2, "gaps": 1, "duplicates": 0, "resets": 0},
    } | more


def a_report(clock):
    return {
        "service": "physiology_server",
        "instance": "physiology",
        "version": "1.2.3",
        "updated_us": clock.wall_us(),
        "facts": {"source": "synthetic", "camera": "physiology"},
        "steps": {
            "frames_in": {
                "count": 300,
                "busy_s": 0.5,
                "size_bytes": 0,
                "global_rate_hz": 29.9,
                "window_rate_hz": 30.0,
                "instant_rate_hz": 30.1,
                "last_beat_us": clock.wall_us(),
            }
        },
        "counters": {
            "backend_disconnects": 1,
            "backend_away_seconds": 10.5,
            "envelopes_lost": 0,
            "frames_dropped": 3,
            "clock_jumps": 0,
        },
    }


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def rig(client, clock):
    client.hset(keys.CAMERAS, "physiology", json.dumps(a_camera(clock)))
    client.hset(keys.HEARTBEATS, "physiology_server@physiology", json.dumps(a_report(clock)))


def a_page(client, clock):
    registry = CollectorRegistry(auto_describe=False)
    sources = (CameraSource(client, clock, 10, 15), HeartbeatSource(client, clock, 10))
    registry.register(Page(sources, clock))
    return generate_latest(registry).decode()


@pytest.fixture
def page(rig, client, clock, monkeypatch):
    monkeypatch.setattr("services.exporter.sources.heartbeats.VERSION", "1.2.3")
    return a_page(client, clock)


def test_the_page_is_the_golden_page(page, request):
    """
    Every metric's name, help, type and labels are what dashboards were built on.

    After a change that is meant: make golden, and read the diff.
    """
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(page)

    assert GOLDEN.read_text() == page


def test_promtool_finds_nothing_to_mend(page):
    """
    Names, units and help are as Prometheus people expect.
    """
    promtool = program("promtool", package="prometheus")

    check = subprocess.run(
        [promtool, "check", "metrics"], input=page, text=True, capture_output=True, check=False
    )

    assert (0, "") == (check.returncode, check.stdout + check.stderr)


def test_a_number_that_is_too_old_is_not_on_the_page(rig, client, clock):
    """
    No number is shown as live that is not, though the collector still reports.
    """
    view = a_camera(clock)
    clock.advance(11)
    client.hset(keys.CAMERAS, "physiology", json.dumps(view | {"updated_us": clock.wall_us()}))

    assert 'pulse_rate_beats_per_minute{camera="physiology"}' not in a_page(client, clock)


def test_a_camera_whose_collector_is_silent_is_not_on_the_page(rig, client, clock):
    """
    What a collector that has ended once said is not shown.
    """
    clock.advance(11)

    assert 'camera="physiology"' not in a_page(client, clock)


def test_no_session_is_named_on_the_page(rig, client, clock):
    """
    Session ids never end; each would be a new series.
    """
    client.hset(
        keys.CAMERAS, "physiology", json.dumps(a_camera(clock) | {"session_id": "patient-7"})
    )

    assert "patient-7" not in a_page(client, clock)


def test_a_report_that_is_rubbish_takes_only_itself_off_the_page(rig, client, clock):
    """
    One bad writer does not blind the operator.
    """
    client.hset(keys.HEARTBEATS, "rubbish", b"\xff{")

    assert 'step="frames_in"' in a_page(client, clock)


def test_a_source_whose_data_make_no_sense_takes_only_itself_off_the_page(rig, client, clock):
    """
    Numbers that are words break the cameras' part, and the heartbeats stay.
    """
    view = a_camera(clock, envelopes={"core_metrics": "many"})
    client.hset(keys.CAMERAS, "physiology", json.dumps(view))

    page = a_page(client, clock)

    assert (True, True) == (
        'source_up{source="cameras"} 0.0' in page,
        'step="frames_in"' in page,
    )


def test_without_redis_the_page_still_answers_and_says_so(redis_server, client, clock):
    """
    An exporter that cannot see says that, rather than nothing.
    """
    redis_server.stop()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Page((CameraSource(client, clock, 10, 15), RedisSource(client)), clock))

    page = generate_latest(registry).decode()

    assert ("vitalrig_redis_up 0.0" in page, 'source_up{source="cameras"} 0.0' in page) == (
        True,
        True,
    )


def test_the_room_left_on_the_disk_is_on_the_page(tmp_path):
    """
    A full disk is the commonest end of a recording.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Page((DiskSource(tmp_path),), ManualClock()))

    available = registry.get_sample_value("vitalrig_recording_filesystem_avail_bytes")

    assert available > 0
