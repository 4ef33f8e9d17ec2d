"""Alert rules: what they build on, where they lead, and that each fires when it should."""

import re
import subprocess
from itertools import pairwise

import pytest
import yaml

from tests.support.programs import program
from tests.support.prometheus import shortened
from tests.support.promql import PROMETHEUS, RULE_FILES, known, metrics_in, rules
from tests.support.rig_files import ROOT, text

ALERTS = [rule for rule in rules("alerts.yml", "examples/physiology.yml") if "alert" in rule]
RULES = rules(*RULE_FILES)
TESTS = sorted((PROMETHEUS / "tests").glob("*_test.yml"))
ALERTMANAGER = ROOT / "config" / "alertmanager" / "alertmanager.yml"
WANTED = {
    "VitalrigExporterDown", "VitalrigRedisDown", "VitalrigNoSamples", "VitalrigSubjectLost",
    "VitalrigLowConfidence", "VitalrigFramesDropping", "VitalrigPipelineSlow",
    "VitalrigLatencyHigh", "VitalrigRecordingStalled", "VitalrigRecordingWriteFailures",
    "VitalrigDiskFullSoon", "VitalrigClockJump", "VitalrigSyntheticSource",
}  # fmt: skip
ALWAYS = {"VitalrigWatchdog"}
"""Fires for ever, so there is no moment at which it must not."""


def name_of(rule):
    """A name that stays when rules are added; two alerts share one and differ in severity."""
    return rule.get("record") or f"{rule['alert']}-{rule['labels']['severity']}"


EVERY_ALERT = pytest.mark.parametrize("alert", ALERTS, ids=name_of)


def run(*command):
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def cases():
    """Every moment at which a unit test looks at an alert: name, severity, the test's name."""
    for path in TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for case in test["alert_rule_test"]:
                yield test["name"], case


def test_all_alerts_that_were_promised_are_there():
    """
    Users of a rig expect these.
    """
    assert WANTED <= {alert["alert"] for alert in ALERTS}


@EVERY_ALERT
def test_every_alert_leads_to_its_paragraph(alert):
    """
    Who is woken by it finds what it means and what to do.
    """
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    headings = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)

    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
    assert {"summary", "description", "runbook_url"} == alert["annotations"].keys()
    assert alert["alert"].lower() == anchor or alert["alert"].startswith("Example")


def test_the_runbook_has_no_paragraph_of_an_alert_that_is_gone():
    """
    A runbook that is out of date costs time when there is none.
    """
    headings = re.findall(r"^## (Vitalrig\w+)$", text("docs/runbook.md"), re.MULTILINE)

    assert {alert["alert"] for alert in rules("alerts.yml")} == set(headings)


@EVERY_ALERT
def test_every_alert_says_how_bad_it_is_and_waits(alert):
    """
    Alertmanager's route goes by severity; `for` keeps a single odd scrape from waking anybody.
    """
    assert alert["labels"]["severity"] in {"critical", "warning", "info", "none"}
    assert "for" in alert or alert["alert"] in ALWAYS


@EVERY_ALERT
def test_every_alert_is_seen_to_fire_and_not_to_fire(alert):
    """
    An alert that never fires is worse than none, and one that always does is ignored.
    """
    severity = alert["labels"]["severity"]
    looked_at = [case for _, case in cases() if case["alertname"] == alert["alert"]]
    fired = [
        expected
        for case in looked_at
        for expected in case["exp_alerts"]
        if expected["exp_labels"]["severity"] == severity
    ]

    assert fired
    assert alert["alert"] in ALWAYS or any(not case["exp_alerts"] for case in looked_at)


@pytest.mark.parametrize("name", sorted({alert["alert"] for alert in ALERTS} - ALWAYS))
def test_every_alert_is_seen_to_end(name):
    """
    In one of its unit tests it fires and later does not.
    """
    story = {}
    for test, case in cases():
        if case["alertname"] == name:
            story.setdefault(test, []).append(bool(case["exp_alerts"]))

    assert any((True, False) in pairwise(fires) for fires in story.values())


@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_every_metric_of_a_rule_exists(rule):
    """
    A renamed metric would silence its alert.
    """
    assert set() == metrics_in(rule["expr"]) - known()


@pytest.mark.parametrize("rule", [rule for rule in RULES if "record" in rule], ids=name_of)
def test_recording_rules_are_named_by_level_metric_and_operation(rule):
    """
    Prometheus's convention: what is left of the labels, what was measured, what was done to it.
    """
    level, metric, operation = rule["record"].split(":")

    assert re.fullmatch(r"instance(_service)?(_camera)?(_signal|_step)?", level)
    assert metric.startswith("vitalrig_")
    assert re.fullmatch(r"[a-z0-9_]+", operation)


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('rate(a_total{b="c_total"}[5m]) > 0.5 and on (d, e) f == 1e9', {"a_total", "f"}),
        ("max by (job) (a:b:rate1m) / ignoring(x) group_left (y) c offset 5s", {"a:b:rate1m", "c"}),
        ("quantile_over_time(0.9, a[1h:5s]) or vector(0) unless bool_a", {"a", "bool_a"}),
        ("predict_linear(a[1h], 6 * 60 * 60) < 0 # b", {"a"}),
        ("sum(rate(a[$__rate_interval])) without (le) + Inf", {"a"}),
    ],
    ids=["selectors", "joins", "subqueries", "numbers", "dashboards"],
)
def test_names_of_metrics_are_told_from_all_else(expression, names):
    """
    What the tests of rules and dashboards stand on.
    """
    assert names == metrics_in(expression)


def test_prometheus_takes_the_configuration():
    """
    It will start, and finds its files of rules.
    """
    promtool = program("promtool", package="prometheus")

    code, said = run(promtool, "check", "config", PROMETHEUS / "prometheus.yml")

    assert 0 == code, said


@pytest.mark.parametrize("file", RULE_FILES)
def test_promtool_has_nothing_against_the_rules(file):
    """
    Also the examples, which are off.
    """
    promtool = program("promtool", package="prometheus")

    code, said = run(promtool, "check", "rules", "--lint-fatal", PROMETHEUS / file)

    assert 0 == code, said


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_rules_do_what_their_unit_tests_say(path):
    """
    Each fires, does not fire and ends as it should.
    """
    promtool = program("promtool", package="prometheus")

    code, said = run(promtool, "test", "rules", path)

    assert 0 == code, said


def test_alertmanager_takes_its_configuration():
    """
    It will start.
    """
    amtool = program("amtool", package="prometheus-alertmanager")

    code, said = run(amtool, "check-config", ALERTMANAGER)

    assert 0 == code, said


@pytest.mark.parametrize(
    ("alert", "severity", "receiver"),
    [
        ("VitalrigRedisDown", "critical", "page"),
        ("VitalrigSubjectLost", "warning", "notify"),
        ("VitalrigSyntheticSource", "info", "nobody"),
        ("VitalrigWatchdog", "none", "watchdog"),
        ("SomethingElse", "unheard-of", "nobody"),
    ],
)
def test_alerts_are_routed_by_severity(alert, severity, receiver):
    """
    Alertmanager itself says who would be told.
    """
    amtool = program("amtool", package="prometheus-alertmanager")

    code, said = run(
        amtool, "config", "routes", "test", f"--config.file={ALERTMANAGER}",
        f"alertname={alert}", f"severity={severity}",
    )  # fmt: skip

    assert (0, receiver) == (code, said.splitlines()[0])


def test_as_shipped_nobody_is_told_of_anything():
    """
    A rig that was just started sends nothing anywhere.
    """
    config = yaml.safe_load(ALERTMANAGER.read_text())

    assert [{"name"}] * len(config["receivers"]) == [set(one) for one in config["receivers"]]


def test_shortened_rules_differ_in_times_alone():
    """
    What the live test runs is what is shipped, only faster.
    """
    told = "        for: 2m\n        expr: rate(a[1h]) > 60 and b[30s] > 1 # 1m\n"
    short = "        for: 12s\n        expr: rate(a[360s]) > 60 and b[4s] > 1 # 1m\n"

    assert short == shortened(told)
