"""
A real rig, scraped by a real Prometheus with the shipped rules.

What goes wrong raises its alert and nothing else, and the alert ends with it. The tests share one
rig and run in this order.
"""

import contextlib
import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.support.eventually import eventually
from tests.support.own_process import OwnService
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.prometheus import watching
from tests.support.promql import dashboards
from tests.support.redis_server import RedisServer

USUAL = {("VitalrigWatchdog", ""), ("VitalrigSyntheticSource", "physiology")}
"""What fires on a rig that works and shows made-up numbers."""
RECORD = {"duration_s": 600, "timeline": [{"at_s": 0, "do": "record", "session": "live"}]}
LEAVE = {"duration_s": 600, "timeline": [{"at_s": 1, "for_s": 8, "do": "subject_leaves"}]}


class Rig:
    """Redis and our services as processes of their own, and the Prometheus that watches them."""

    def __init__(self, folder: Path, disk: Path) -> None:
        self.folder = folder
        self.disk = disk
        (folder / "redis").mkdir()
        self.redis = RedisServer(folder / "redis")
        self.exporter_port, self.telemetry_port = free_port(), free_port()
        self.processes = {}
        self.prometheus = None
        self.began_s = 0.0

    def service(self, name, as_name="", **settings):
        process = OwnService(name, self.folder, as_name, redis_port=self.redis.port, **settings)
        self.processes[process.name] = process
        process.start()

    def server(self, camera, scenario):
        """One camera's server, on whose way is what the scenario says."""
        path = self.folder / f"{camera}.yml"
        path.write_text(yaml.safe_dump({"name": camera, "description": "A test.", **scenario}))
        self.service(
            "physiology_server",
            camera,
            redis_key_prefix=camera,
            port=free_port(),
            source="synthetic",
            streaming_backend="redis",
            publish_core="always",
            autostart="true",
            enable_eda="true",
            enable_micromotion="true",
            scenario=path,
        )

    def answers(self):
        """Whether the exporter has a page with a Redis behind it."""
        url = f"http://127.0.0.1:{self.exporter_port}/metrics"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
                return b"vitalrig_redis_up 1" in page.read()
        except OSError:
            return False

    def firing(self):
        return names(self.prometheus.now('ALERTS{alertstate="firing"}'))

    def fired_since(self, began_s):
        return names(self.prometheus.since(began_s, 'ALERTS{alertstate="firing"}'))

    def sees(self, query):
        return self.prometheus.now(query)

    def told(self):
        """The ends of all logs, for who has to find out what went wrong."""
        return "\n".join(
            f"== {path.name}\n{path.read_text()[-600:]}" for path in self.folder.glob("*.log")
        )


def names(series):
    """Alerts by their name and the camera, or else the service, that they are about."""
    return {
        (labels["alertname"], labels.get("camera") or labels.get("service", ""))
        for labels in (each["metric"] for each in series)
    }


@contextlib.contextmanager
def small_disk(folder):
    """A file system of 8 MB where this user may mount one, else the folder itself."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], check=False, capture_output=True
    )
    try:
        yield folder
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    with contextlib.ExitStack() as stack:
        rig = Rig(folder, stack.enter_context(small_disk(folder / "disk")))
        rig.redis.start()
        stack.callback(rig.redis.stop)
        stack.callback(end, rig.processes)
        rig.service("exporter", port=rig.exporter_port, sessions_folder=rig.disk, stale_after_s=3)
        rig.service("collector", prefixes="physiology,ward", sessions_folder=folder / "sessions")
        rig.service(
            "telemetry",
            port=rig.telemetry_port,
            site_folder=folder / "telemetry",
            sessions_folder=folder / "sessions",
        )
        rig.server("physiology", RECORD)
        eventually(rig.answers)
        ports = rig.exporter_port, rig.telemetry_port
        rig.prometheus = stack.enter_context(watching(*ports, folder))
        # Prometheus evaluates rules at once, and takes some seconds to its first scrape.
        for job, alert in (
            ("exporter", "VitalrigExporterDown"),
            ("telemetry", "VitalrigTelemetryDown"),
        ):
            eventually(lambda job=job: rig.sees(f'up{{job="{job}"}} == 1'))
            eventually(lambda alert=alert: (alert, "") not in rig.firing())
        rig.began_s = time.time()
        yield rig


def end(processes):
    for process in processes.values():
        process.ask_to_stop()
    for process in processes.values():
        process.ended()


def assert_only(rig, expected, cause, cure, lasting=lambda: True):
    """What *cause* does raises *expected* and nothing else while it lasts; *cure* ends it."""
    assert rig.firing() == USUAL, rig.told()
    began_s = time.time()
    cause()
    try:
        eventually(lambda: expected <= rig.firing())
        eventually(lasting)
    finally:
        cure()
    eventually(lambda: not expected & rig.firing())
    assert USUAL | expected == rig.fired_since(began_s)


def test_on_a_rig_that_works_only_made_up_numbers_are_told(rig):
    """
    A recording with a live pulse is not a reason to wake anybody.
    """
    eventually(lambda: rig.sees("vitalrig_pulse_rate_beats_per_minute"))
    eventually(lambda: USUAL <= rig.firing())

    assert rig.sees('vitalrig_recording_active{camera="physiology"} == 1')
    assert USUAL == rig.fired_since(rig.began_s)


def test_a_recorder_that_hangs_is_told_until_it_goes_on(rig):
    """
    The process is there and nothing is recorded: the silent stall.
    """
    collector = rig.processes["collector"]

    assert_only(
        rig,
        {("VitalrigRecordingStalled", "physiology"), ("VitalrigServiceSilent", "collector")},
        collector.freeze,
        collector.thaw,
    )


def test_a_disk_that_is_nearly_full_is_told_until_there_is_room(rig):
    """
    Before the recording stops, not after.
    """
    if not rig.disk.is_mount():
        message = "a small disk can be mounted only by root"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    filler = rig.disk / "filler"

    assert_only(
        rig,
        {("VitalrigDiskFullSoon", "")},
        lambda: filler.write_bytes(bytes(8_200_000)),
        filler.unlink,
    )


def test_a_redis_that_is_away_is_told_and_nothing_that_follows_from_it(rig):
    """
    One cause, one alert: what nobody can know without Redis is not told as well.
    """
    fires = 'ALERTS{alertname="VitalrigRedisDown", alertstate="firing"}'

    assert_only(
        rig,
        {("VitalrigRedisDown", "")},
        rig.redis.stop,
        rig.redis.start,
        # Long enough for every alert on what is no longer heard of.
        lasting=lambda: rig.sees(f"count_over_time({fires}[1m]) >= 9"),
    )


def test_a_subject_who_leaves_is_told_for_that_camera_until_the_face_is_back(rig):
    """
    The other camera's recording goes on and raises nothing.
    """
    began_s = time.time()
    rig.server("ward", LEAVE)
    lost, usual = ("VitalrigSubjectLost", "ward"), USUAL | {("VitalrigSyntheticSource", "ward")}

    eventually(lambda: lost in rig.firing())
    eventually(lambda: rig.firing() == usual)

    assert usual | {lost} == rig.fired_since(began_s)


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda path: path.stem)
def test_every_query_of_a_dashboard_has_found_something_on_this_rig(rig, dashboard):
    """
    A panel that can never show anything is a mistake in its query.
    """
    queries = [
        (panel["title"], target["expr"])
        for panel in json.loads(dashboard.read_text())["panels"]
        for target in panel.get("targets", [])
    ]

    assert [] == [
        (title, query)
        for title, query in queries
        if not has_numbers(rig.prometheus.since(rig.began_s, filled_in(query)))
    ]


def filled_in(query):
    """A query as Grafana sends it, with this rig's camera."""
    return query.replace("$camera", "physiology").replace("$__rate_interval", "5s")


def has_numbers(series):
    return any(value != "NaN" for each in series for _, value in each["values"])


def test_prometheus_could_evaluate_every_rule(rig):
    """
    A rule that two series match is not a mistake of form, and shows only on a real rig.
    """
    rules = [rule for group in rig.prometheus.ask("rules")["groups"] for rule in group["rules"]]

    assert {"ok"} == {rule["health"] for rule in rules}
    assert not rig.sees("prometheus_rule_evaluation_failures_total > 0")
