"""Prometheus beside the rig, and what `make up MODE=compose` says when something fails."""

import json
import re
import socket
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.promql import dashboards
from tests.support.rig_handles import SERVICES, ComposeHandle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

NO_IMAGE = "vitalrig.invalid/no-such-grafana:1"


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    handle = ComposeHandle(tmp_path_factory.mktemp("rig"), MONITORING="1", GRAFANA_IMAGE=NO_IMAGE)
    yield handle
    handle.verb("purge", check=False, YES="1")


@pytest.fixture(scope="module")
def said(rig):
    """What `make up MONITORING=1` said."""
    return rig.verb("up").stdout


@pytest.fixture(scope="module")
def recorded(rig, said):
    """A session, for the panels on recordings."""
    rig.verb("record", "--seconds", "8", "--session", "seen")


def ask(rig: ComposeHandle, path: str, **parameters: str) -> dict:
    url = f"http://127.0.0.1:{rig.environment['PROMETHEUS_PORT']}/api/v1/{path}"
    with urllib.request.urlopen(
        f"{url}?{urllib.parse.urlencode(parameters)}", timeout=PATIENCE_S
    ) as answer:
        return json.load(answer)["data"]


def test_an_image_that_cannot_be_had_costs_only_its_service(rig, said):
    """
    There is no Grafana where no registry can be reached; the rest starts, and that is said.
    """
    closing = said[said.index("The rig is up") :]
    assert re.search(f"no grafana +its image {NO_IMAGE}", closing)
    assert "grafana" not in rig.states()
    assert rig.states()["prometheus"].is_healthy


def test_prometheus_scrapes_all_that_it_should(rig, said):
    """
    The monitoring profile works as it is, without a click.
    """
    up = {"exporter", "telemetry", "prometheus", "alertmanager"}

    eventually(lambda: jobs(ask(rig, "query", query="up == 1")["result"]) == up)


def jobs(result):
    return {series["metric"]["job"] for series in result}


def test_prometheus_has_the_alert_rules_and_none_wakes_anybody(rig, said):
    """
    Of a new rig only two things are told: that alerting works, and that the numbers are made up.
    """
    rules = [rule for group in ask(rig, "rules")["groups"] for rule in group["rules"]]
    firing = {rule["name"] for rule in rules if rule.get("state") == "firing"}

    assert {"VitalrigExporterDown", "VitalrigRedisDown"} <= {rule["name"] for rule in rules}
    assert firing <= {"VitalrigWatchdog", "VitalrigSyntheticSource"}
    assert {"unknown", "ok"} >= {rule["health"] for rule in rules}


def test_alerts_reach_alertmanager_which_tells_nobody(rig, said):
    """
    As shipped the route ends at receivers without an address.
    """
    url = f"http://127.0.0.1:{rig.environment['ALERTMANAGER_PORT']}/api/v2/alerts"

    def received() -> dict:
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            return {alert["labels"]["alertname"]: alert["receivers"] for alert in json.load(answer)}

    # Prometheus starts first and sends again after a minute.
    alerts = eventually(lambda: (found := received()) and "VitalrigWatchdog" in found and found, 90)

    assert rig.states()["alertmanager"].is_healthy
    assert [{"name": "watchdog"}] == alerts["VitalrigWatchdog"]


@pytest.mark.parametrize("dashboard", dashboards(), ids=lambda path: path.stem)
def test_every_query_of_a_dashboard_finds_something(rig, recorded, dashboard):
    """
    A panel that can never show anything is a mistake in its query.
    """
    queries = [
        target["expr"].replace("$camera", "physiology").replace("$__rate_interval", "20s")
        for panel in json.loads(dashboard.read_text())["panels"]
        for target in panel.get("targets", [])
    ]

    for query in queries:
        assert eventually(lambda q=query: ask(rig, "query", query=q)["result"]), query


@pytest.mark.parametrize("service", SERVICES)
def test_a_container_can_do_only_what_its_service_needs(rig, said, service):
    """
    What docker-compose.yml asks for is what the engine has made of it.
    """
    status = rig.compose("exec", "--no-TTY", service, "cat", "/proc/1/status")
    mounts = rig.compose("exec", "--no-TTY", service, "cat", "/proc/1/mounts")
    fields = dict(re.findall(r"^(\w+):\s*(.*)$", status, re.MULTILINE))
    (root,) = [line for line in mounts.splitlines() if line.split()[1] == "/"]

    assert "0" not in fields["Uid"].split()
    assert {0} == {int(fields[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")}
    assert "1" == fields["NoNewPrivs"]
    assert "ro" in root.split()[3].split(",")


def test_redis_is_on_an_internal_network_alone(rig, said):
    """
    Nothing outside reaches it, and it reaches nothing outside; it publishes no port.
    """
    networks = rig.inspect("redis", "{{json .NetworkSettings.Networks}}")
    ports = rig.inspect("redis", "{{json .HostConfig.PortBindings}}")
    project = rig.environment["COMPOSE_PROJECT_NAME"]

    assert [f"{project}_data"] == list(json.loads(networks))
    assert "true" == rig.network(f"{project}_data", "{{.Internal}}")
    assert not json.loads(ports)


def test_without_its_password_redis_refuses(rig, said):
    """
    Being on the same network is not enough.
    """
    answer = rig.compose("exec", "--no-TTY", "redis", "redis-cli", "ping")

    assert "NOAUTH" in answer


def test_a_service_that_fails_is_named_with_its_last_log_lines(rig, said):
    """
    Settings that cannot work show the key at once, without a look into containers.
    """
    refused = rig.verb("up", check=False, VITALRIG_COLLECTOR_TRANSPORT="pigeon")

    assert 1 == refused.returncode
    assert re.search(r"^collector is \w+ \(exit status 2\)", refused.stderr, re.MULTILINE)
    assert "transport" in refused.stderr
    assert "exporter is" not in refused.stderr


def test_a_taken_port_is_said_before_anything_starts(tmp_path):
    """
    The message names the variable; no container and no folder is made.
    """
    rig = ComposeHandle(tmp_path, COMPOSE_PROJECT_NAME="vitalrig-test-refused")
    with socket.create_server(("127.0.0.1", int(rig.environment["GRPC_PORT"]))):
        refused = rig.verb("up", check=False)

    assert 1 == refused.returncode
    assert "GRPC_PORT is taken" in refused.stderr
    assert [] == list(rig.left())
    assert [] == list(tmp_path.iterdir())


def test_a_base_image_that_cannot_be_had_is_said_with_the_way_round(tmp_path):
    """
    Where no registry can be reached, the message names `make bases`.
    """
    rig = ComposeHandle(
        tmp_path,
        COMPOSE_PROJECT_NAME="vitalrig-test-refused",
        PYTHON_IMAGE="vitalrig.invalid/python:3.11",
    )

    refused = rig.verb("up", check=False)

    assert 1 == refused.returncode
    assert "PYTHON_IMAGE" in refused.stderr
    assert "make bases" in refused.stderr
    assert [] == list(rig.left())


def test_a_camera_that_is_missing_is_said_before_anything_starts(tmp_path):
    """
    Docker would say it too, but not what to do.
    """
    rig = ComposeHandle(tmp_path, COMPOSE_PROJECT_NAME="vitalrig-test-refused")

    refused = rig.verb("up", check=False, CAMERA_DEVICE="/dev/no-camera", PHYSIOLOGY_IMAGE="vendor")

    assert 1 == refused.returncode
    assert "/dev/no-camera" in refused.stderr
    assert not Path(tmp_path / "data").exists()
