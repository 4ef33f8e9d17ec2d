"""Which metrics an expression of PromQL uses, and which there are."""

import re
from pathlib import Path
from typing import Any

import yaml

from services.exporter.catalogue import CATALOGUE
from tests.support.rig_files import ROOT

PROMETHEUS = ROOT / "config" / "prometheus"
DASHBOARDS = ROOT / "config" / "grafana" / "dashboards"
FOREIGN = {
    "up",
    "ALERTS",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_notifications_errors_total",
    "alertmanager_notifications_failed_total",
}
"""Metrics of Prometheus and Alertmanager themselves."""

_WORDS = {"and", "or", "unless", "bool", "offset", "inf", "nan", "start", "end"}
# In this order: what may hold anything, what is not a metric, and labels of groupings and joins.
_NO_METRICS = (
    r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'',
    r"#.*",
    r"\{[^{}]*\}",
    r"\[[^\[\]]*\]",
    r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)",
    r"\b(?:group_left|group_right|by|without|on|ignoring)\b",
    r"\boffset\s+-?\w+",
    r"(?<![\w:])[0-9][\w.]*(?:e[+-]?[0-9]+)?",
)


def metrics_in(expression: str) -> set[str]:
    """Every identifier that is neither a function, a label, a keyword nor a number."""
    for pattern in _NO_METRICS:
        expression = re.sub(pattern, " ", expression)
    names = re.findall(r"[a-zA-Z_:][\w:]*(?!\s*\(|[\w:])", expression)
    return {name for name in names if name.lower() not in _WORDS}


def rules(*files: str) -> list[dict[str, Any]]:
    """All rules of the files, recording and alerting."""
    return [
        rule
        for file in files
        for group in yaml.safe_load((PROMETHEUS / file).read_text())["groups"]
        for rule in group["rules"]
    ]


RULE_FILES = ("rules.yml", "alerts.yml", "examples/physiology.yml")


def known() -> set[str]:
    """Metrics that the exporter, our recording rules, or Prometheus itself make."""
    recorded = {rule["record"] for rule in rules(*RULE_FILES) if "record" in rule}
    return {*CATALOGUE, *recorded, *FOREIGN}


def dashboards() -> list[Path]:
    return sorted(DASHBOARDS.glob("*.json"))
