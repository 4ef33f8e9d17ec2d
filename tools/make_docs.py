"""Writes the pages that are made from code: docs/configuration.md and docs/metrics.md."""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTE = "<!-- Made by `make docs`; edit what it is made from. -->\n"


def configuration() -> str:
    """
    One table a service, from its settings.
    """
    lines = [
        "# Configuration",
        "",
        NOTE,
        "Later sources win: defaults < `config/<service>.yml` < environment",
        "`VITALRIG_<SERVICE>_<KEY>` < flags `--<key>`. An unknown key stops the service.",
    ]
    default_of = importlib.import_module("vitalrig.settings").default_of
    for path in sorted((ROOT / "services").glob("*/settings.py")):
        service = path.parent.name
        settings = importlib.import_module(f"services.{service}.settings").Settings
        lines += ["", f"## {service}", "", "| key | default | meaning |", "|---|---|---|"]
        for key, field in settings.model_fields.items():
            default = default_of(field)
            cell = f"`{default}`" if default else ""
            lines.append(f"| `{key}` | {cell} | {field.description} |")
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """
    One row a metric, from the exporter's catalogue, and what the states of a signal mean.
    """
    catalogue = importlib.import_module("services.exporter.catalogue").METRICS
    states = importlib.import_module("services.exporter.states").MEANINGS
    lines = [
        "# Metrics",
        "",
        NOTE,
        "A number that is not live is absent rather than old. `camera` is the key prefix.",
        "A pipeline's heartbeat rate is throughput; the patient's heart rate is pulse.",
        "In Prometheus's text format `info` and `stateset` are gauges.",
        "",
        "| metric | type | unit | labels | meaning |",
        "|---|---|---|---|---|",
    ]
    for metric in catalogue:
        own = (metric.name,) if metric.states else ()
        labels = ", ".join(f"`{label}`" for label in (*metric.labels, *own))
        cells = (f"`{metric.name}`", metric.kind, metric.unit, labels, metric.help)
        lines.append("| " + " | ".join(cells) + " |")
    lines += [
        "",
        "## States of a signal",
        "",
        "For each camera that is shown and each signal, exactly one of `vitalrig_signal_state`",
        "is 1. They are asked in this order, and the first that fits holds:",
        "",
        *(
            f"{number}. **{name}**: {text}."
            for number, (name, text) in enumerate(states.items(), 1)
        ),
    ]
    return "\n".join(lines) + "\n"


PAGES = {"configuration.md": configuration, "metrics.md": metrics}

if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "libs")]
    for page, make in PAGES.items():
        (ROOT / "docs" / page).write_text(make())
