"""Prometheus, Alertmanager and Grafana fit the rig and each other."""

import re

import pytest
import yaml

from tests.support.promql import PROMETHEUS
from tests.support.rig_files import ROOT, services, supervisor_environment, text

GRAFANA = ROOT / "config" / "grafana"


def prometheus():
    return yaml.safe_load(text("config/prometheus/prometheus.yml"))


def targets(groups):
    return {target for group in groups for target in group["targets"]}


def port_of(service):
    (published,) = services()[service]["ports"]
    return f"{service}:{published['target']}"


def test_telemetry_goes_by_the_name_that_it_is_asked_by():
    """
    It answers to no strange name, and in a network of containers its own is that of its service.
    """
    assert "telemetry" == services()["telemetry"]["hostname"]


def test_every_target_is_a_service_and_its_port():
    """
    Prometheus scrapes what compose runs, and itself.
    """
    jobs = {
        job["job_name"]: targets(job["static_configs"]) for job in prometheus()["scrape_configs"]
    }

    assert {
        "exporter": {port_of("exporter")},
        "telemetry": {port_of("telemetry")},
        "prometheus": {"localhost:9090"},
        "alertmanager": {port_of("alertmanager")},
    } == jobs


def test_alerts_go_to_the_alertmanager_of_the_profile():
    """
    An alert that is sent nowhere wakes nobody.
    """
    (sent_to,) = prometheus()["alerting"]["alertmanagers"]

    assert {port_of("alertmanager")} == targets(sent_to["static_configs"])
    assert ["monitoring"] == services()["alertmanager"]["profiles"]


def test_every_file_of_rules_is_there_and_the_examples_are_off():
    """
    Physiological thresholds are nobody's default: this is not a medical device.
    """
    files = prometheus()["rule_files"]

    assert ["rules.yml", "alerts.yml"] == files
    assert all((PROMETHEUS / file).is_file() for file in files)
    assert "# - examples/physiology.yml" in text("config/prometheus/prometheus.yml")
    assert "NOT A MEDICAL DEVICE" in text("config/prometheus/examples/physiology.yml")


@pytest.mark.parametrize("service", ["prometheus", "alertmanager", "grafana"])
def test_what_watches_is_in_the_profile_alone(service):
    """
    The rig runs without it.
    """
    assert ["monitoring"] == services()[service]["profiles"]


def test_provisioning_reads_only_variables_that_both_modes_set():
    """
    Grafana puts nothing in place of a variable that is not set.
    """
    files = (GRAFANA / "provisioning").rglob("*.yml")
    read = {name for file in files for name in re.findall(r"\$\{(\w+)\}", file.read_text())}

    assert read
    assert read <= services()["grafana"]["environment"].keys()
    assert read <= supervisor_environment("grafana").keys()


@pytest.mark.parametrize(
    "environment",
    [services()["grafana"]["environment"], supervisor_environment("grafana")],
    ids=["compose", "local"],
)
def test_grafana_lets_no_stranger_in_and_asks_nobody_outside(environment):
    """
    The password is generated and comes from a file, and there is no anonymous user.
    """
    assert environment["GF_SECURITY_ADMIN_PASSWORD__FILE"].endswith("/grafana_admin_password")
    assert "GF_SECURITY_ADMIN_PASSWORD" not in environment
    assert "false" == environment["GF_AUTH_ANONYMOUS_ENABLED"]
    assert "false" == environment["GF_USERS_ALLOW_SIGN_UP"]
    assert "false" == environment["GF_ANALYTICS_REPORTING_ENABLED"]


@pytest.mark.parametrize(
    "environment",
    [services()["grafana"]["environment"], supervisor_environment("grafana")],
    ids=["compose", "local"],
)
def test_grafana_opens_with_a_dashboard_that_is_there(environment):
    """
    Who logs in sees the fleet.
    """
    home = environment["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]

    assert (GRAFANA / "dashboards" / home.rpartition("/")[2]).is_file()


def test_the_data_source_has_a_fixed_uid_and_cannot_be_edited():
    """
    A generated uid would differ after each new volume, and every panel would be empty.
    """
    (source,) = yaml.safe_load(text("config/grafana/provisioning/datasources/prometheus.yml"))[
        "datasources"
    ]

    assert "prometheus" == source["uid"] == source["type"]
    assert source["editable"] is False
    assert source["isDefault"] is True
