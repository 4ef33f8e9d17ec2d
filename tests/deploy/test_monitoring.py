"""Prometheus, its alerts and Grafana's dashboards fit the rig and each other."""

import json
import re
import subprocess

import pytest
import yaml

from tests.support.programs import program
from tests.support.rig_files import ROOT, services, supervisor_environment, text

PROMETHEUS = ROOT / "config" / "prometheus"
GRAFANA = ROOT / "config" / "grafana"
ALERTS = [
    rule
    for group in yaml.safe_load(text("config/prometheus/alerts.yml"))["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
# Made by Prometheus itself.
BUILT_IN = {"up", "scrape_duration_seconds"}


def metrics_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:vitalrig_\w+|up)\b(?=\s*(?:[{\[)=<>!]|offset|$|\s))", expression))


def panels(dashboard):
    return json.loads(dashboard.read_text())["panels"]


def test_every_target_is_a_service_and_its_port():
    """
    Prometheus scrapes what compose runs.
    """
    config = yaml.safe_load(text("config/prometheus/prometheus.yml"))
    targets = {
        target
        for job in config["scrape_configs"]
        for group in job["static_configs"]
        for target in group["targets"]
    }

    inside = {port.rsplit(":", 1)[1] for port in services()["exporter"]["ports"]}
    assert {"exporter:8317", "localhost:9090"} == targets
    assert {"8317"} == inside


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_leads_to_its_paragraph(alert):
    """
    Who is woken by it finds what it means and what to do.
    """
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (\w+)$", text(page), re.MULTILINE)

    assert alert["alert"].lower() == anchor
    assert alert["alert"] in headings
    assert {"summary", "description", "runbook_url"} <= alert["annotations"].keys()
    assert "severity" in alert["labels"]


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_alert_has_a_unit_test(alert):
    """
    An alert that never fires is worse than none.
    """
    tests = yaml.safe_load(text("config/prometheus/alerts_test.yml"))["tests"]
    fired = {
        case["alertname"]
        for test in tests
        for case in test["alert_rule_test"]
        if case["exp_alerts"]
    }

    assert alert["alert"] in fired


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_every_metric_of_an_alert_exists(alert):
    """
    A renamed metric would silence its alert.
    """
    unknown = metrics_in(alert["expr"]) - BUILT_IN - exported()

    assert set() == unknown


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_metric_of_a_dashboard_exists(dashboard):
    """
    A renamed metric would empty its panel.
    """
    queries = [target["expr"] for panel in panels(dashboard) for target in panel.get("targets", [])]
    used = set().union(*map(metrics_in, queries))

    assert used
    assert set() == used - BUILT_IN - exported()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_every_panel_names_the_data_source_that_is_provisioned(dashboard):
    """
    A generated uid would differ after each new volume, and the panels would be empty.
    """
    (source,) = yaml.safe_load(text("config/grafana/provisioning/datasources/prometheus.yml"))[
        "datasources"
    ]
    uids = set(re.findall(r'"type": "prometheus",\s*"uid": "([^"]*)"', dashboard.read_text()))

    assert {source["uid"]} == uids == {"prometheus"}
    assert "${DS_" not in dashboard.read_text()


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda path: path.stem)
def test_dashboards_join_no_gaps_and_cannot_be_edited_by_accident(dashboard):
    """
    A gap in the data is a visible gap.
    """
    spans = [
        panel["fieldConfig"]["defaults"]["custom"]["spanNulls"]
        for panel in panels(dashboard)
        if panel["type"] == "timeseries"
    ]

    assert spans
    assert not any(spans)
    assert json.loads(dashboard.read_text())["editable"] is False


def test_provisioning_reads_only_variables_that_both_modes_set():
    """
    Grafana puts nothing in place of a variable that is not set.
    """
    files = (GRAFANA / "provisioning").rglob("*.yml")
    read = {name for file in files for name in re.findall(r"\$\{(\w+)\}", file.read_text())}

    assert read <= services()["grafana"]["environment"].keys()
    assert read <= supervisor_environment("grafana").keys()


def test_grafana_lets_no_stranger_in():
    """
    The password is generated, and there is no anonymous user.
    """
    environment = services()["grafana"]["environment"]

    assert "/run/secrets/" in environment["GF_SECURITY_ADMIN_PASSWORD__FILE"]
    assert "false" == environment["GF_AUTH_ANONYMOUS_ENABLED"]


@pytest.mark.parametrize(
    "arguments",
    [["check", "config", "prometheus.yml"], ["test", "rules", "alerts_test.yml"]],
    ids=["configuration", "alert tests"],
)
def test_promtool_agrees(arguments):
    """
    Prometheus will load it, and the alerts do what their tests say.
    """
    promtool = program("promtool", package="prometheus")

    checked = subprocess.run(
        [promtool, *arguments], cwd=PROMETHEUS, capture_output=True, text=True, check=False
    )

    assert 0 == checked.returncode, checked.stdout + checked.stderr


def exported() -> set[str]:
    """Metrics of the golden page, and those that the exporter's sources name in full."""
    sources = "".join(path.read_text() for path in (ROOT / "services/exporter").rglob("*.py"))
    golden = re.findall(r"^(vitalrig_\w+)", text("tests/golden/metrics.prom"), re.MULTILINE)
    return {*golden, *re.findall(r'"(vitalrig_\w+)"', sources)}
