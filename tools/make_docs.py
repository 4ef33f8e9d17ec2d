"""Writes the pages of docs/reference, and the table of signals there, that are made from code."""

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
    default_of = importlib.import_module("vitalrig.service.service_settings").default_of
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
    states = importlib.import_module("vitalrig.signal_state").MEANINGS
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


SIGNALS_BEGIN = "<!-- Signals: made by `make docs` from libs/vitalrig/signals.py -->\n"
SIGNALS_END = "<!-- End of signals -->\n"
_RATES = {"frame": "frame rate", "breath": "one a breath", "change": "when it changes"}


def formats() -> str:
    """
    The page as it is, with a fresh table of signals: one row a signal.
    """
    before, _, rest = (ROOT / "docs/reference/formats.md").read_text().partition(SIGNALS_BEGIN)
    _, _, after = rest.partition(SIGNALS_END)
    return before + SIGNALS_BEGIN + _signals() + SIGNALS_END + after


def _signals() -> str:
    lines = [
        "| channel | series | unit | UCUM | LOINC | rate | first value |",
        "|---|---|---|---|---|---|---|",
    ]
    for signal in importlib.import_module("vitalrig.signals").SIGNALS:
        rate, after_s = signal.nominal_rate, signal.first_after_s
        when = (
            "as it is seen" if after_s is None else f"after {after_s:g} s" if after_s else "at once"
        )
        cells = (
            signal.channel,
            f"`{signal.series[0]}`",
            signal.unit,
            f"`{signal.ucum}`" if signal.ucum else "",
            signal.loinc,
            _RATES.get(rate) or f"{rate:g} Hz",
            when,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def events() -> str:
    """
    One section a service that says events, one row an event.
    """
    types = importlib.import_module("vitalrig.event_types").EVENT_TYPES
    lines = [
        "# Events",
        "",
        NOTE,
        "What a rig says has happened, each by the one service that knows. Events of a camera bear",
        "its key prefix in `meta.camera`, those of a recording its session id in `meta.run_id`;",
        "`meta.emitter` says which instance of which service speaks.",
        "",
        "| type | said by | when | data |",
        "|---|---|---|---|",
    ]
    for each in types:
        data = "; ".join(f"`{key}`: {meaning}" for key, meaning in each.data.items())
        lines.append(f"| `{each.name}` | {each.owner} | {each.meaning} | {data} |")
    return "\n".join(lines) + "\n"


def testing() -> str:
    """
    The public names of vitalrig.testing, from their docstrings.
    """
    return importlib.import_module("testing_page").page(NOTE)


PAGES = {
    "configuration.md": configuration,
    "metrics.md": metrics,
    "formats.md": formats,
    "events.md": events,
    "testing.md": testing,
}

if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "libs")]
    for page, make in PAGES.items():
        (ROOT / "docs" / "reference" / page).write_text(make())
