"""The page for Prometheus, from reports in a real Redis."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as older_families

from services.exporter.catalogue import CATALOGUE
from services.exporter.page import Page
from services.exporter.redis_reading import Reading, RedisReader
from services.exporter.snapshots.folder import Snapshots
from services.exporter.sources.disk import DiskSource, FileSource
from services.exporter.sources.heartbeats import HeartbeatSource
from services.exporter.sources.redis_server import RedisSource
from services.exporter.sources.snapshots import SnapshotSource
from services.exporter.views import CameraView, Recording, Sample, SnapshotFile
from tests.support.exporting import (
    LIMITS,
    a_camera,
    a_report,
    a_sample,
    page_in,
    samples,
    text_of,
)
from tests.support.programs import program
from vitalrig import keys
from vitalrig.clock import ManualClock
from vitalrig.metrics.text import write

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics.prom"


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


class FixedDisk(DiskSource):
    """A disk whose room does not change while others write to it."""

    def collect(self, scrape, families):
        families.add("vitalrig_recording_filesystem_avail_bytes", 5_000_000_000)
        families.add("vitalrig_recording_filesystem_size_bytes", 20_000_000_000)


class FixedRedis(RedisSource):
    """A Redis whose figures do not change; the real one is asked for the reports."""

    def collect(self, scrape, families):
        families.add("vitalrig_redis_up", 1)
        for name, metric in CATALOGUE.items():
            if name.startswith("vitalrig_redis_") and not metric.labels and not name.endswith("up"):
                families.add(name, 0)


def a_foreign_camera(clock):
    """A camera whose session another collector records."""
    return CameraView(
        prefix="ward-2",
        updated_us=clock.wall_us() - 20_000_000,
        status="",
        series={
            "core_metrics/pulse.strict": Sample(clock.wall_us() - 20_000_000, 64.5, 120),
        },
        recording=Recording(active=True, records=700),
        snapshot=SnapshotFile(clock.wall_us() - 20_000_000, 250_000_000, 1.5),
    )


@pytest.fixture
def whole(rig, client, clock):
    """Every source there is, with figures that are the same each time."""
    outcomes = {"read": 1, "too_large": 0, "unreadable": 0, "left_out": 0}
    snapshots = Snapshots((a_foreign_camera(clock),), outcomes)
    files = {"envelopes": (3, 9_000), "summary": (2, 4_000), "torn": (1, 17)}
    return page_in(
        client,
        clock,
        SnapshotSource(lambda: snapshots, 45),
        FixedRedis(),
        FixedDisk(Path()),
        FileSource(lambda: files),
    )


def test_the_page_is_the_golden_page(whole, request):
    """
    Every metric's name, help, type and labels are what dashboards were built on.

    After a change that is meant: make golden, and read the diff.
    """
    page = text_of(whole)
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(page)

    assert GOLDEN.read_text() == page


def test_every_metric_of_the_catalogue_is_on_the_golden_page_with_a_sample():
    """
    What is declared is really made by something.
    """
    sampled = set(re.findall(r"^(vitalrig_\w+)[{ ]", GOLDEN.read_text(), re.MULTILINE))
    parts = {
        f"{name}_{part}": name
        for name, metric in CATALOGUE.items()
        if metric.kind == "histogram"
        for part in ("bucket", "count", "sum")
    }

    assert set(CATALOGUE) == {parts.get(name, name) for name in sampled}


def test_promtool_finds_nothing_to_mend(whole):
    """
    Names, units and help are as Prometheus people expect.
    """
    promtool = program("promtool", package="prometheus")

    check = subprocess.run(
        [promtool, "check", "metrics"],
        input=text_of(whole),
        text=True,
        capture_output=True,
        check=False,
    )

    assert (0, "") == (check.returncode, check.stdout + check.stderr)


def test_both_formats_say_the_same(whole):
    """
    A strict reader of OpenMetrics accepts the page, and finds what the older text says.
    """
    openmetrics = text_string_to_metric_families(write(whole.families(), openmetrics=True).decode())
    older = older_families(text_of(whole))

    assert {
        (sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in openmetrics
        for sample in family.samples
    } == {
        (sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in older
        for sample in family.samples
    }


def test_no_series_is_on_the_page_twice(whole):
    """
    Prometheus refuses the whole page for one series that stands there twice.
    """
    series = [line.rpartition(" ")[0] for line in text_of(whole).splitlines() if line[0] != "#"]

    assert sorted(set(series)) == sorted(series)


def test_no_session_is_named_on_the_page(rig, client, clock):
    """
    Session ids never end; each would be a new series.
    """
    view = a_camera(clock) | {"session_id": "patient-7"}
    report = a_report(clock, facts={"source": "camera", "camera": "physiology", "run": "patient-7"})
    client.hset(keys.CAMERAS, "physiology", json.dumps(view))
    client.hset(keys.HEARTBEATS, "physiology_server@physiology", json.dumps(report))

    assert "patient-7" not in text_of(page_in(client, clock))


def test_a_camera_whose_collector_is_silent_is_not_on_the_page(rig, client, clock):
    """
    What a collector that has ended once said is not shown.
    """
    clock.advance(11)

    assert 'camera="physiology"' not in text_of(page_in(client, clock))


def test_a_number_that_is_too_old_is_not_on_the_page(rig, client, clock):
    """
    No number is shown as live that is not, though the collector still reports.
    """
    view = a_camera(clock)
    clock.advance(11)
    client.hset(keys.CAMERAS, "physiology", json.dumps(view | {"updated_us": clock.wall_us()}))

    page = text_of(page_in(client, clock))

    assert {} == samples(page, "vitalrig_pulse_rate_beats_per_minute")
    assert 1 == samples(page, "vitalrig_recording_active")['camera="physiology"']


def test_a_camera_of_another_collector_is_shown_and_ours_goes_before(whole, rig, client, clock):
    """
    Where both tell of a camera, the report in Redis counts, and nothing is said twice.
    """
    both = a_foreign_camera(clock)
    outcomes = {"read": 1, "too_large": 0, "unreadable": 0, "left_out": 0}
    ours = CameraView("physiology", both.updated_us, "", both.series, both.recording)
    source = SnapshotSource(lambda: Snapshots((both, ours), outcomes), 45)

    page = text_of(page_in(client, clock, source))

    assert {'camera="physiology"': 71.5, 'camera="ward-2"': 64.5} == samples(
        page, "vitalrig_pulse_rate_beats_per_minute"
    )


def test_a_report_that_is_rubbish_takes_only_itself_off_the_page(rig, client, clock):
    """
    One bad writer does not blind the operator, who sees that it is there.
    """
    client.hset(keys.HEARTBEATS, "rubbish", b"\xff{")
    client.hset(keys.CAMERAS, "odd", json.dumps(a_camera(clock, envelopes={"x": "many"})))
    client.hset(keys.CAMERAS, b"\xff", json.dumps(a_camera(clock)))

    page = text_of(page_in(client, clock))
    refused = samples(page, "vitalrig_exporter_reports")

    assert 'step="frames_in"' in page
    assert 'pulse_rate_beats_per_minute{camera="physiology"} 71.5' in page
    assert 2 == refused['outcome="refused",source="cameras"']
    assert 1 == refused['outcome="refused",source="heartbeats"']


def test_a_source_that_fails_takes_only_itself_off_the_page(rig, client, clock):
    """
    The heartbeats' key has the wrong type; the cameras stay, whole.
    """
    client.delete(keys.HEARTBEATS)
    client.set(keys.HEARTBEATS, "no hash")

    page = text_of(page_in(client, clock))

    up = samples(page, "vitalrig_exporter_source_up")
    assert {'source="exporter"': 1, 'source="cameras"': 1, 'source="heartbeats"': 0} == up
    assert 'pulse_rate_beats_per_minute{camera="physiology"} 71.5' in page


def test_without_redis_the_page_still_answers_and_says_so(redis_server, client, clock):
    """
    An exporter that cannot see says that, rather than nothing.
    """
    redis_server.stop()

    page = text_of(page_in(client, clock, RedisSource()))

    up = samples(page, "vitalrig_exporter_source_up")
    assert {"": 0} == samples(page, "vitalrig_redis_up")
    assert 0 == up['source="cameras"'] == up['source="heartbeats"']


def test_redis_is_asked_once_a_scrape(rig, client, clock):
    """
    All of a page is of one moment, and a Redis that hangs costs one patience, not one a source.
    """
    asked = []

    class Counting(RedisReader):
        def read(self) -> Reading:
            asked.append(1)
            return super().read()

    page = Page(
        (*page_in(client, clock)._sources, RedisSource()), Counting(client).read, 100, clock
    )
    text_of(page)

    assert 1 == len(asked)


def test_redis_tells_how_it_is(client, clock):
    """
    A Redis that is full or cannot write is seen before it loses something.
    """
    page = text_of(page_in(client, clock, RedisSource()))

    assert 0 < samples(page, "vitalrig_redis_memory_used_bytes")[""]
    assert {"": 0} == samples(page, "vitalrig_redis_write_failing")
    assert 0 < samples(page, "vitalrig_redis_connected_clients")[""]


def test_the_room_left_on_the_disk_is_on_the_page(tmp_path, client, clock):
    """
    A full disk is the commonest end of a recording.
    """
    page = text_of(page_in(client, clock, DiskSource(tmp_path)))

    assert samples(page, "vitalrig_recording_filesystem_avail_bytes")[""] > 0


def test_a_page_has_only_so_many_cameras(client, clock):
    """
    The one open-ended label has an end; what is left out is counted.
    """
    for number in range(7):
        client.hset(keys.CAMERAS, f"camera-{number}", json.dumps(a_camera(clock)))
        report = a_report(clock, instance=f"camera-{number}", facts={})
        client.hset(keys.HEARTBEATS, f"physiology_server@{number}", json.dumps(report))
    sources = (page_in(client, clock)._sources[1], HeartbeatSource(LIMITS.report_s))

    page = text_of(Page(sources, RedisReader(client).read, 5, clock))

    assert 5 == len(set(re.findall(r'camera="([^"]+)"', page)))
    assert 2 == samples(page, "vitalrig_exporter_reports")['outcome="left_out",source="cameras"']


def test_a_number_that_is_none_costs_that_number_alone(client, clock):
    """
    What Python writes for a number that is none is not shown, and hides nothing else.
    """
    series = {
        "core_metrics/pulse.rate": a_sample(clock, float("nan")),
        "edge_metrics/eda.trace": a_sample(clock, 0.5),
    }
    client.hset(keys.CAMERAS, "physiology", json.dumps(a_camera(clock, series=series)))

    page = text_of(page_in(client, clock))

    assert {} == samples(page, "vitalrig_pulse_rate_beats_per_minute")
    assert {'camera="physiology"': 0.5} == samples(page, "vitalrig_eda_arbitrary_units")
