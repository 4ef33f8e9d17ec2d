"""The page for Prometheus, from what was heard."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as older_families

from services.exporter.camera_view import CameraView, Recording, SnapshotFile
from services.exporter.catalogue import CATALOGUE
from services.exporter.session_file_counts import FileCounts
from services.exporter.snapshots.folder import Seen, Snapshots
from services.exporter.sources.disk import DiskSource, FileSource
from services.exporter.sources.redis_server import RedisSource
from services.exporter.sources.snapshots import SnapshotSource
from tests.support.exporting import (
    a_board,
    a_camera,
    a_page,
    a_report,
    a_sample,
    a_telemetry,
    hear,
    page_of,
    samples,
    text_of,
)
from tests.support.programs import program
from vitalrig import redis_keys
from vitalrig.clock import ManualClock, moment
from vitalrig.metrics.exposition import render
from vitalrig.newest_sample import Sample
from vitalrig.redis_client import REFUSALS

GOLDEN = Path(__file__).parents[1] / "golden" / "metrics.prom"


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def board(clock):
    """What a rig with one camera says."""
    reports = {"physiology_server@physiology": a_report(clock), "telemetry": a_telemetry(clock)}
    return a_board(clock, {"physiology": a_camera(clock)}, reports)


class FixedDisk(DiskSource):
    """A disk whose room does not change while others write to it."""

    def collect(self, scrape, families):
        families.add("vitalrig_recording_filesystem_avail_bytes", 5_000_000_000)
        families.add("vitalrig_recording_filesystem_size_bytes", 20_000_000_000)


class FixedRedis:
    """A Redis whose figures do not change."""

    name = "redis"

    def collect(self, scrape, families):
        families.add("vitalrig_redis_up", 1)
        for name, metric in CATALOGUE.items():
            if name.startswith("vitalrig_redis_") and not metric.labels and not name.endswith("up"):
                families.add(name, 0)
        for reason in REFUSALS:
            families.add("vitalrig_redis_refusing", 0, reason)
            families.add("vitalrig_redis_refused_commands_total", 0, reason)


def a_foreign_camera(clock):
    """A camera whose session another collector records."""
    return CameraView(
        prefix="ward-2",
        updated_us=clock.wall_us() - 20_000_000,
        status="",
        series={
            "core_metrics/pulse.strict": Sample(clock.wall_us() - 20_000_000, 0.0, 64.5, 120),
        },
        recording=Recording(active=True, records=700),
        snapshot=SnapshotFile(clock.wall_us() - 20_000_000, 250_000_000, 1.5),
    )


@pytest.fixture
def whole(board, clock):
    """Every source there is, with figures that are the same each time."""
    outcomes = {"read": 1, "too_large": 0, "unreadable": 0, "left_out": 0}
    snapshots = Snapshots((Seen(a_foreign_camera(clock), moment(clock)),), outcomes)
    files = FileCounts({"envelopes": (3, 9_000), "summary": (2, 4_000), "torn": (1, 17)}, ("why",))
    return a_page(
        board,
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
    openmetrics = text_string_to_metric_families(
        render(whole.families(), openmetrics=True).decode()
    )
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


def test_no_session_is_named_on_the_page(board, clock):
    """
    Session ids never end; each would be a new series.
    """
    view = a_camera(clock) | {"session_id": "patient-7"}
    report = a_report(clock, facts={"source": "camera", "camera": "physiology", "run": "patient-7"})
    hear(board, f"{redis_keys.CAMERAS}physiology", view)
    hear(board, f"{redis_keys.HEARTBEATS}physiology_server@physiology", report)

    assert "patient-7" not in page_of(board, clock)


def test_a_camera_whose_collector_is_silent_is_not_on_the_page(board, clock):
    """
    What a collector that has ended once said is not shown.
    """
    clock.advance(11)

    assert 'camera="physiology"' not in page_of(board, clock)


def test_a_number_that_is_too_old_is_not_on_the_page(board, clock):
    """
    No number is shown as live that is not, though the collector still reports.
    """
    sample = a_sample(clock, 71.5)
    clock.advance(11)
    view = a_camera(clock, series={"core_metrics/pulse.rate": sample})
    hear(board, f"{redis_keys.CAMERAS}physiology", view)

    page = page_of(board, clock)

    assert {} == samples(page, "vitalrig_pulse_rate_beats_per_minute")
    assert 1 == samples(page, "vitalrig_recording_active")['camera="physiology"']


def test_a_camera_of_another_collector_is_shown_and_ours_goes_before(board, clock):
    """
    Where both tell of a camera, the report in Redis counts, and nothing is said twice.
    """
    both = a_foreign_camera(clock)
    outcomes = {"read": 1, "too_large": 0, "unreadable": 0, "left_out": 0}
    ours = CameraView("physiology", both.updated_us, "", both.series, both.recording)
    seen = tuple(Seen(view, moment(clock)) for view in (both, ours))
    source = SnapshotSource(lambda: Snapshots(seen, outcomes), 45)

    page = page_of(board, clock, source)

    assert {'camera="physiology"': 71.5, 'camera="ward-2"': 64.5} == samples(
        page, "vitalrig_pulse_rate_beats_per_minute"
    )


def test_a_report_that_is_rubbish_takes_only_itself_off_the_page(board, clock):
    """
    One bad writer does not blind the operator, who sees that it is there.
    """
    hear(board, f"{redis_keys.HEARTBEATS}rubbish", b"\xff{")
    hear(board, f"{redis_keys.CAMERAS}odd", a_camera(clock, envelopes={"x": "many"}))
    hear(board, redis_keys.CAMERAS.encode() + b"\xff", a_camera(clock))

    page = page_of(board, clock)
    refused = samples(page, "vitalrig_exporter_reports")

    assert 'step="frames_in"' in page
    assert 'pulse_rate_beats_per_minute{camera="physiology"} 71.5' in page
    assert 2 == refused['outcome="refused",source="cameras"']
    assert 1 == refused['outcome="refused",source="heartbeats"']


def test_a_source_that_fails_takes_only_itself_off_the_page(board, clock):
    """
    The sessions folder is gone; the cameras stay, whole.
    """
    page = page_of(board, clock, DiskSource(Path("/none")))

    up = samples(page, "vitalrig_exporter_source_up")
    assert [('source="disk"', 0)] == [each for each in up.items() if not each[1]]
    assert 'pulse_rate_beats_per_minute{camera="physiology"} 71.5' in page


def test_without_redis_the_page_still_answers_and_says_so(redis_server, client, board, clock):
    """
    An exporter that cannot see says that, rather than nothing.
    """
    redis_server.stop()
    board.deaf("Redis is away")

    page = page_of(board, clock, RedisSource(client))

    up = samples(page, "vitalrig_exporter_source_up")
    assert {"": 0} == samples(page, "vitalrig_redis_up")
    assert 0 == up['source="cameras"'] == up['source="heartbeats"']


def test_redis_tells_how_it_is(client, board, clock):
    """
    A Redis that is full or cannot write is seen before it loses something.
    """
    page = page_of(board, clock, RedisSource(client))

    assert 0 < samples(page, "vitalrig_redis_memory_used_bytes")[""]
    assert {"": 0} == samples(page, "vitalrig_redis_write_failing")
    assert 0 < samples(page, "vitalrig_redis_connected_clients")[""]


def test_the_room_left_on_the_disk_is_on_the_page(tmp_path, board, clock):
    """
    A full disk is the commonest end of a recording.
    """
    page = page_of(board, clock, DiskSource(tmp_path))

    assert samples(page, "vitalrig_recording_filesystem_avail_bytes")[""] > 0


def test_a_page_has_only_so_many_cameras(clock):
    """
    The one open-ended label has an end; what is left out is counted.
    """
    names = [f"camera-{number}" for number in range(7)]
    reports = {name: a_report(clock, instance=name, facts={}) for name in names}
    board = a_board(clock, {name: a_camera(clock) for name in names}, reports)

    page = text_of(a_page(board, clock, max_cameras=5))

    assert 5 == len(set(re.findall(r'camera="([^"]+)"', page)))
    assert 2 == samples(page, "vitalrig_exporter_reports")['outcome="left_out",source="cameras"']


def test_a_number_that_is_none_costs_that_number_alone(board, clock):
    """
    What Python writes for a number that is none is not shown, and hides nothing else.
    """
    series = {
        "core_metrics/pulse.rate": a_sample(clock, float("nan")),
        "edge_metrics/eda.trace": a_sample(clock, 0.5),
    }
    hear(board, f"{redis_keys.CAMERAS}physiology", a_camera(clock, series=series))

    page = page_of(board, clock)

    assert {} == samples(page, "vitalrig_pulse_rate_beats_per_minute")
    assert {'camera="physiology"': 0.5} == samples(page, "vitalrig_eda_arbitrary_units")
