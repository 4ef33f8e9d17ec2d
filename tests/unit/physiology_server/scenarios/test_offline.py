"""A session's envelopes without a server."""

import io
import json
import subprocess
from dataclasses import asdict

import pytest

from services.physiology_server.offline import (
    EXIT_BAD_SETTINGS,
    OfflineOrder,
    envelopes,
    main,
    write,
)
from services.physiology_server.scenarios.scenario_file import load_scenario
from tests.unit.physiology_server.scenarios.conftest import CONFIG
from vitalrig.clock import ManualClock
from vitalrig.installation import command_of

START_US = 1_767_225_600_000_000


def an_order(seconds=10.0, scenario="", **others):
    usual = {"seed": 1, "fps": 30.0, "pulse_rate": 72.0, "breathing_rate": 15.0}
    return OfflineOrder(
        session="made",
        started_us=START_US,
        seconds=seconds,
        scenario=str(scenario),
        version="1",
        **usual | others,
    )


def documents(order):
    return [json.loads(outgoing.envelope) for outgoing in envelopes(order)]


def without_stamps(node):
    """The same without what tells the time of day, or names the run."""
    if isinstance(node, dict):
        skipped = {"timestamp", "metadata", "eda", "micromotion", "blood_pressure"}
        return {key: without_stamps(value) for key, value in node.items() if key not in skipped}
    return [without_stamps(each) for each in node] if isinstance(node, list) else node


def metrics(found):
    """Payloads that hold more than their metadata."""
    return [
        (each["type"], payload)
        for each in found
        if each["type"].endswith("_metrics") and (payload := without_stamps(each["payload"]))
    ]


def test_a_session_is_a_start_a_status_metrics_and_a_stop():
    """
    By a clock that begins where it is told to, whatever the time is.
    """
    found = documents(an_order(2.0))

    kinds = [each["type"] for each in found]
    assert ["recording_state", "status", "edge_metrics"] == kinds[:3]
    assert (60, 10) == (kinds.count("edge_metrics"), kinds.count("core_metrics"))
    assert (True, False) == (found[0]["payload"]["recording"], found[-1]["payload"]["recording"])
    assert (START_US, START_US + 2_000_000) == (found[0]["timestamp"], found[-1]["timestamp"])
    assert 2 == kinds.count("recording_state")


@pytest.mark.parametrize("name", ["dropouts", "motion", "server_restart", "subject_leaves"])
def test_it_holds_what_the_servers_graph_sends(play, name):
    """
    Sample by sample: it is made by the same parts, without what makes them wait.
    """
    path = CONFIG / f"{name}.yml"
    scenario = load_scenario(path)

    sent = [json.loads(line) for line in play(scenario, clock=ManualClock(START_US)).lines]

    assert metrics(sent) == metrics(documents(an_order(scenario.duration_s, path)))


def test_a_scenario_goes_on_behind_its_end_with_nothing_more_happening():
    """
    The session has the length that was asked for.
    """
    found = documents(an_order(35.0, CONFIG / "duplicates.yml"))

    edge = [each for each in found if each["type"] == "edge_metrics"]
    assert 1_050 < len(edge)
    assert 150 == len([each for each in edge if each["timestamp"] >= START_US + 30_000_000])


def test_the_seed_asked_for_goes_before_the_scenarios_own(tmp_path):
    """
    Who writes a test says which person it is about.
    """
    path = tmp_path / "mine.yml"
    path.write_text("name: mine\nseed: 5\ntimeline: []\n")

    assert metrics(documents(an_order(2.0, seed=7))) == metrics(
        documents(an_order(2.0, path, seed=7))
    )


def test_what_a_scenario_holds_back_at_the_end_comes_before_the_stop(tmp_path):
    """
    Nothing that was measured in the session is lost to it.
    """
    path = tmp_path / "slow.yml"
    path.write_text("name: slow\ntimeline:\n  - {at_s: 0, for_s: 60, do: slow_core, by_s: 3}\n")

    kinds = [each["type"] for each in documents(an_order(10.0, path))]

    assert (50, "recording_state") == (kinds.count("core_metrics"), kinds[-1])


def test_core_in_a_process_of_its_own_gives_the_same_bytes():
    """
    It is only sooner done on two cores, where the session is long enough for that.
    """
    order = an_order(61.0, CONFIG / "server_restart.yml")
    alone = io.BytesIO()
    write(order, alone)

    made = subprocess.run(
        command_of("physiology_server.offline", json.dumps(asdict(order))),
        capture_output=True,
        check=True,
    )

    assert alone.getvalue() == made.stdout


def test_an_order_that_cannot_be_fulfilled_is_a_sentence(tmp_path, capsys):
    """
    Not a traceback, in the log of somebody else's test.
    """
    order = {
        "session": "made", "started_us": START_US, "seconds": 1, "seed": 1, "fps": 30,
        "pulse_rate": 72, "breathing_rate": 15, "version": "1", "scenario": str(tmp_path / "no"),
    }  # fmt: skip

    assert EXIT_BAD_SETTINGS == main([json.dumps(order)])
    assert "cannot be read" in capsys.readouterr().err
