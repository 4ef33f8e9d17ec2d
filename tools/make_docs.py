"""Writes the pages that are made from code: docs/configuration.md and docs/metrics.md."""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOLDEN = ROOT / "tests" / "golden" / "metrics.prom"
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
    for path in sorted((ROOT / "services").glob("*/settings.py")):
        service = path.parent.name
        settings = importlib.import_module(f"services.{service}.settings").Settings
        lines += ["", f"## {service}", "", "| key | default | meaning |", "|---|---|---|"]
        for key, field in settings.model_fields.items():
            default = field.default
            shown = ",".join(default) if isinstance(default, tuple) else default
            cell = "" if shown is None else f"`{shown}`"
            lines.append(f"| `{key}` | {cell} | {field.description} |")
    return "\n".join(lines) + "\n"


def metrics() -> str:
    """
    One row a metric, from the golden page.
    """
    lines = [
        "# Metrics",
        "",
        NOTE,
        "A number that is not live is absent rather than old. `camera` is the key prefix.",
        "A pipeline's heartbeat rate is throughput; the patient's heart rate is pulse.",
        "",
        "| metric | type | labels | meaning |",
        "|---|---|---|---|",
    ]
    helps: dict[str, str] = {}
    for line in GOLDEN.read_text().splitlines():
        if line.startswith("# HELP "):
            name, text = line.removeprefix("# HELP ").split(" ", 1)
            helps[name] = text
        elif line.startswith("# TYPE "):
            name, kind = line.removeprefix("# TYPE ").split(" ", 1)
            lines.append(f"| `{name}` | {kind} | {_labels(name)} | {helps[name]} |")
    return "\n".join(lines) + "\n"


def _labels(metric: str) -> str:
    for line in GOLDEN.read_text().splitlines():
        if line.startswith(f"{metric}{{"):
            inside = line[len(metric) + 1 : line.rindex("}")]
            return ", ".join(f"`{part.split('=')[0]}`" for part in inside.split(","))
    return ""


PAGES = {"configuration.md": configuration, "metrics.md": metrics}

if __name__ == "__main__":
    sys.path[:0] = [str(ROOT), str(ROOT / "libs")]
    for page, make in PAGES.items():
        (ROOT / "docs" / page).write_text(make())
