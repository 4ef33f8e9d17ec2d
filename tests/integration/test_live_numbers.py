"""What is shown as live, from the collector to the page, whatever becomes of the clock."""

import json

import pytest

from services.collector.app import build as build_collector
from services.collector.settings import Settings as CollectorSettings
from services.exporter.app import build as build_exporter
from services.exporter.settings import Settings as ExporterSettings
from tests.support.asked import Asked
from tests.support.eventually import eventually
from tests.support.exporting import samples
from tests.support.publishing import Publishing
from tests.support.running import a_watchdog, load, running
from vitalrig.clock import ManualClock

LAST_REPORT = "vitalrig_camera_last_report_timestamp_seconds"
PULSE = "vitalrig_pulse_rate_beats_per_minute"
LIMIT_S = 10.0
TOLERANCE_S = 0.5


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def collector(redis_server, tmp_path, clock):
    settings = load(
        CollectorSettings, redis_server, sessions_folder=tmp_path / "sessions", transport="stream"
    )
    return build_collector(settings, a_watchdog(tmp_path, "collector"), clock)


@pytest.fixture
def exporter(redis_server, tmp_path, clock):
    settings = load(
        ExporterSettings, redis_server, port=0, sessions_folder=tmp_path,
    )  # fmt: skip
    return build_exporter(settings, a_watchdog(tmp_path, "exporter"), clock)


def measure(client, clock):
    """Let a server publish one number that was taken now."""
    stamp_us = clock.wall_us()
    sample = {"timestamp": stamp_us, "value": 71.5, "stable": True, "confidence": 0.9}
    envelope = {
        "type": "core_metrics",
        "timestamp": stamp_us,
        "payload": {"pulse": {"rate": [sample]}},
    }
    Publishing(client).send_raw("core_metrics", json.dumps(envelope).encode())


def a_number_that_is_shown(asked, client, clock):
    """Measure once, and wait until that is on the page; tells when it was taken, by the uptime."""

    def listened_to():
        clock.advance(1)  # a report that the exporter was too late for comes again
        return 'camera="physiology"' in asked.page()

    eventually(listened_to)
    measure(client, clock)
    taken_at_s = clock.uptime_s()

    def shown():
        clock.advance(1)  # then the collector reports
        now_s = clock.wall_us() / 1_000_000
        eventually(lambda: now_s in samples(asked.page(), LAST_REPORT).values())
        return samples(asked.page(), PULSE)

    eventually(shown)
    return taken_at_s


def shown_around_the_limit(asked, clock, taken_at_s, step_s):
    """Set the wall clock, and tell whether a number is shown shortly before and after its limit."""
    clock.jump_wall(step_s)
    clock.advance(taken_at_s + LIMIT_S - TOLERANCE_S - clock.uptime_s())
    before = samples(asked.page(), PULSE)
    clock.advance(2 * TOLERANCE_S)
    return bool(before), bool(samples(asked.page(), PULSE))


@pytest.mark.parametrize("step_s", [-9, 3_600, -3_600, 2])
def test_a_clock_that_is_set_keeps_no_dead_number_and_takes_no_live_one(
    collector, exporter, client, clock, step_s
):
    """
    The limit holds within half a second, whatever the wall clock does meanwhile.
    """
    with running(collector), running(exporter):
        asked = Asked(exporter)
        taken_at_s = a_number_that_is_shown(asked, client, clock)

        assert (True, False) == shown_around_the_limit(asked, clock, taken_at_s, step_s)


@pytest.mark.parametrize("step_s", [-9, 3_600])
def test_a_clock_that_is_set_keeps_no_camera_of_a_collector_that_is_gone(
    collector, exporter, client, clock, step_s
):
    """
    Nobody reports any more, and the last report dies at its limit.
    """
    with running(exporter):
        asked = Asked(exporter)
        with running(collector):
            taken_at_s = a_number_that_is_shown(asked, client, clock)

        assert (True, False) == shown_around_the_limit(asked, clock, taken_at_s, step_s)
