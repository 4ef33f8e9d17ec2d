"""Each service's own page, while it works with a real Redis."""

import json
import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.collector import app as collector
from services.collector import relay
from services.collector.settings import Settings as CollectorSettings
from services.exporter import app as exporter
from services.exporter.settings import Settings as ExporterSettings
from services.physiology_server import app as physiology_server
from services.physiology_server.settings import Settings as ServerSettings
from tests.support.eventually import eventually
from tests.support.exporting import samples
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.programs import program
from tests.support.publishing import Publishing
from tests.support.reports import service_report
from tests.support.running import a_watchdog, load, running
from vitalrig.clock import SystemClock
from vitalrig.service.serve import own_page

ROOT = Path(__file__).parents[2]
HEARTBEATS = "vitalrig_pipeline_heartbeats_total"
BUSY = "vitalrig_pipeline_heartbeat_busy_seconds_total"
BYTES = "vitalrig_pipeline_heartbeat_work_bytes_total"

SERVICES = {
    "physiology_server": (ServerSettings, physiology_server.build),
    "collector": (CollectorSettings, collector.build),
    "relay": (relay.RelaySettings, relay.build),
    "exporter": (ExporterSettings, exporter.build),
}
STEPS = {
    "physiology_server": (
        "frames_in", "core_frames", "core_buffers", "envelopes_published", "pictures_published",
    ),
    "collector": ("envelopes_received", "envelopes_written", "snapshots"),
    "relay": ("envelopes_relayed",),
    "exporter": ("scrapes",),
}  # fmt: skip
WITHOUT_BYTES = {"frames_in", "core_frames", "core_buffers"}


class Asked:
    """A page, and how it is asked."""

    def __init__(self, port):
        self.port = port

    def get(self, path="/metrics", method="GET"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
                return reply.status, reply.headers, reply.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.headers, refused.read().decode()

    def page(self):
        return self.get()[2]

    def counts(self, step, name=HEARTBEATS):
        found = samples(self.page(), name)
        return next((n for labels, n in found.items() if f'step="{step}"' in labels), 0)


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def run(redis_server, tmp_path):
    """Run a service with its own page, as `serve` does."""

    @contextmanager
    def run(name, **more):
        settings_class, build = SERVICES[name]
        more = {
            "physiology_server": {
                "port": 0, "autostart": True, "publish_core": "always", "frame_fps": 5,
            },
            "collector": {"sessions_folder": tmp_path / "sessions"},
            "relay": {},
            "exporter": {"port": 0, "sessions_folder": tmp_path},
        }[name] | more  # fmt: skip
        settings = load(settings_class, redis_server, metrics_port=free_port(), **more)
        watchdog = a_watchdog(tmp_path, name)
        service = build(settings, watchdog)
        with own_page(settings, service, watchdog.health), running(service):
            yield Asked(settings.metrics_port), service

    return run


def work(name, client, service):
    """Have something to do that makes every step of the service beat."""
    if name in ("collector", "relay"):
        eventually(lambda: service_report(client, name))
        publishing = Publishing(client, stream=name == "collector")
        publishing.start()
        publishing.edge(20)
        publishing.stop()
    elif name == "exporter":
        Asked(eventually(lambda: service.port)).page()


@pytest.mark.parametrize("name", SERVICES)
def test_every_step_of_a_service_is_on_its_own_page(run, client, name):
    """
    With count, busy time and, where bytes are moved, bytes.
    """
    with run(name) as (asked, service):
        work(name, client, service)
        for step in STEPS[name]:
            eventually(lambda step=step: asked.counts(step))
        page = asked.page()

    shown = set(re.findall(r'step="(\w+)"', page))
    busy, size = samples(page, BUSY), samples(page, BYTES)
    idle = {step for step in shown if not sum(n for k, n in busy.items() if f'"{step}"' in k)}
    empty = {step for step in shown if not sum(n for k, n in size.items() if f'"{step}"' in k)}
    assert (set(STEPS[name]), set()) == (shown - {"probes"}, idle - {"probes"})
    assert WITHOUT_BYTES & set(STEPS[name]) == empty - {"probes"}


@pytest.mark.parametrize("name", SERVICES)
def test_promtool_finds_nothing_to_mend_on_an_own_page(run, client, name):
    """
    Names, units and help are as Prometheus people expect.
    """
    promtool = program("promtool", package="prometheus")
    with run(name) as (asked, service):
        work(name, client, service)
        eventually(lambda: asked.counts(STEPS[name][0]))
        page = asked.page()

    check = subprocess.run(
        [promtool, "check", "metrics"], input=page, text=True, capture_output=True, check=False
    )

    assert (0, "") == (check.returncode, check.stdout + check.stderr)


def declared(page):
    return {line for line in page.splitlines() if line.startswith("#")}


def series_of(page, service):
    """All series of a service, without those that come and go."""
    return {
        line.rpartition(" ")[0]
        for line in page.splitlines()
        if f'service="{service}"' in line and "_rate_hertz" not in line
    }


@pytest.mark.parametrize("name", ["physiology_server", "collector"])
def test_a_service_and_the_exporter_say_the_same_of_it(run, client, name):
    """
    One definition: a dashboard does not care which of the two pages was scraped.
    """
    with run(name) as (own, service), run("exporter") as (_, exporter):
        work(name, client, service)
        of_all = Asked(eventually(lambda: exporter.port))
        for step in STEPS[name]:
            eventually(lambda step=step: own.counts(step))
        eventually(lambda: series_of(own.page(), name) == series_of(of_all.page(), name))
        pages = own.page(), of_all.page()

    assert series_of(pages[0], name)
    assert set() == declared(pages[0]) - declared(pages[1])


def an_envelope(stamp_us, *samples):
    """Edge metrics with samples of one series: stamp and value of each."""
    trace = [{"timestamp": str(stamp), "value": value} for stamp, value in samples]
    payload = {"breathing": {"upper_trace": trace}}
    return json.dumps({"type": "edge_metrics", "timestamp": stamp_us, "payload": payload}).encode()


def test_the_collector_tells_how_late_envelopes_are_and_which_samples_are_no_use(run, client):
    """
    From what it reads; a stamp of another day is not a latency.
    """
    now_us = SystemClock().wall_us()
    with run("collector"), run("exporter") as (_, exporter):
        eventually(lambda: service_report(client, "collector"))
        publishing = Publishing(client)
        publishing.start()
        publishing.edge(3)  # stamped long ago
        publishing.send_raw("edge_metrics", an_envelope(now_us, (now_us, 0.5), (now_us, 0.5)))
        publishing.send_raw("edge_metrics", an_envelope(now_us, (now_us + 1, None)))
        publishing.stop()
        asked = Asked(eventually(lambda: exporter.port))
        rejected = "vitalrig_samples_rejected_total"
        eventually(lambda: 1 in samples(asked.page(), rejected).values())
        page = asked.page()

    camera = 'camera="physiology"'
    assert {camera: 2} == samples(page, "vitalrig_pipeline_latency_seconds_count")
    assert 0 < samples(page, "vitalrig_pipeline_latency_seconds_sum")[camera] < 20
    assert {camera: 3} == samples(page, "vitalrig_envelopes_off_clock_total")
    assert {f'{camera},reason="duplicate"': 1, f'{camera},reason="unusable"': 1} == samples(
        page, rejected
    )


def test_the_page_is_there_without_redis(run, redis_server, client):
    """
    What is wrong can be seen just then.
    """
    with run("collector") as (asked, _):
        eventually(lambda: asked.get("/-/ready")[0] == 200)
        redis_server.stop()
        eventually(lambda: asked.get("/-/ready")[0] == 503)
        ready, alive = asked.get("/-/ready")[2], asked.get("/-/healthy")[0]
        lost = 'camera="",service="collector"'
        disconnects = samples(asked.page(), "vitalrig_redis_disconnects_total")

    assert ready.startswith("redis: Redis is away")
    assert (200, {lost: 1}) == (alive, disconnects)


def test_the_exporter_shows_its_own_heartbeats_without_redis(run, redis_server):
    """
    Its scrapes go on, and one sees that they do.
    """
    redis_server.stop()
    with run("exporter") as (_, exporter):
        asked = Asked(eventually(lambda: exporter.port))
        asked.page()

        assert asked.counts("scrapes") >= 1


def test_the_exporter_says_nothing_of_itself_twice(run, client):
    """
    It reports in Redis as well, for the exporters of other rigs.
    """
    with run("exporter") as (_, exporter):
        asked = Asked(eventually(lambda: exporter.port))
        eventually(lambda: service_report(client, "exporter"))
        page = asked.page()

    series = [line.rpartition(" ")[0] for line in page.splitlines() if line[0] != "#"]
    assert len(set(series)) == len(series)
    assert 0 == samples(page, "vitalrig_exporter_reports")['outcome="left_out",source="heartbeats"']


def test_head_gets_the_headers_alone(run):
    """
    And text that every Prometheus reads.
    """
    with run("relay") as (asked, _):
        status, headers, body = asked.get(method="HEAD")

    assert (200, "text/plain; version=0.0.4; charset=utf-8", "") == (
        status, headers["Content-Type"], body
    )  # fmt: skip
    assert int(headers["Content-Length"]) > 0


def test_without_a_port_there_is_no_page(redis_server, tmp_path):
    """
    The default: nothing listens, and nothing for it is even loaded.
    """
    code = (
        "import sys, threading\n"
        "from services.collector import relay\n"
        "from vitalrig.service.serve import own_page\n"
        "from vitalrig.service.health import Health\n"
        "settings, _ = relay.RelaySettings.load(['--config=/dev/null'], {})\n"
        "with own_page(settings, None, None):\n"
        "    print(threading.active_count(), 'http.server' in sys.modules)"
    )
    ended = _python("-c", code)

    assert ("1 False\n", "") == (ended.stdout, ended.stderr)


def test_the_page_needs_no_package_that_the_service_does_not_have():
    """
    The client library of Prometheus is the exporter's alone.
    """
    code = "import sys, vitalrig.service.service_page; print('prometheus_client' in sys.modules)"

    assert "False\n" == _python("-c", code).stdout


def test_a_port_that_is_taken_stops_the_service(redis_server, tmp_path):
    """
    With the status of what cannot start, and the setting to change.
    """
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = _python(
            "-m", "services.collector.relay", "--config=/dev/null", f"--metrics_port={port}",
            f"--redis_port={redis_server.port}", f"--health_file={tmp_path / 'health'}",
        )  # fmt: skip

    said = json.loads(ended.stdout.splitlines()[-1])
    assert 3 == ended.returncode
    assert f"metrics_port: 127.0.0.1:{port} cannot be listened on" in said["why"]


def _python(*arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'libs'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )
