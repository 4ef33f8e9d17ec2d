"""What each shipped scenario shows downstream, in a few lines that a person can read."""

import json
from collections import Counter
from pathlib import Path

import pytest

from services.physiology_server.scenarios.scenario_file import load_scenario

ROOT = Path(__file__).parents[4]
CONFIG = ROOT / "config" / "scenarios"
GOLDEN = ROOT / "tests" / "golden" / "scenarios"
ENDLESS = {"bad_day"}
NAMES = sorted(path.stem for path in CONFIG.glob("*.yml"))


def ranges(seconds):
    """
    Whole seconds as ranges: "12-19, 42-49".
    """
    found = []
    for second in sorted(set(seconds)):
        if found and second == found[-1][1] + 1:
            found[-1][1] = second
        else:
            found.append([second, second])
    return ", ".join(f"{first}-{last}" for first, last in found)


def digest(run):
    rates = run.series("core_metrics", "pulse", "rate")
    breaths = run.series("core_metrics", "breathing", "rate")
    apnea = run.series("core_metrics", "breathing", "apnea")
    return {
        "envelopes": dict(sorted(Counter(o.channel for o in run.outgoings).items())),
        "status": run.statuses(),
        "recording": [e["payload"]["recording"] for e in run.of("recording_state")],
        "pulse_rate_at_s": ranges(int(s["time"]) for s in rates),
        "stable_pulse_rate_at_s": ranges(int(s["time"]) for s in rates if s["stable"]),
        "breathing_rate_at_s": ranges(int(s["time"]) for s in breaths),
        "stable_breathing_rate_at_s": ranges(int(s["time"]) for s in breaths if s["stable"]),
        "apnea_detected_at_s": ranges(int(s["time"]) for s in apnea if s["detected"]),
    }


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ENDLESS])
def test_what_a_scenario_shows_is_golden(name, shipped, request):
    """
    Integrators build their tests on it. After a change that is meant: pytest --update-golden.
    """
    golden = GOLDEN / f"{name}.json"
    text = json.dumps(digest(shipped(name)), indent=2) + "\n"
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text)

    assert golden.read_text() == text


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_scenario_loads_under_its_own_name(name):
    """
    What stands in the repository works.
    """
    assert name == load_scenario(CONFIG / f"{name}.yml").name


def test_every_golden_file_is_of_a_scenario():
    """
    A scenario that was taken out leaves nothing behind.
    """
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(NAMES) - ENDLESS
