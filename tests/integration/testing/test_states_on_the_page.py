"""The harness and the exporter's page say the same of the same camera."""

import time
from itertools import pairwise

import pytest

from services.exporter.exported_signals import EXPORTED_SIGNALS
from tests.support.patience import PATIENCE_S
from vitalrig.testing.rig import Rig

SCENARIO = """
name: states
timeline:
  - {at_s: 15, for_s: 5, do: off_centre}
  - {at_s: 23, for_s: 5, do: subject_leaves}
"""
UNTIL_S = 45.0
STATE, SAMPLE = "vitalrig_signal_state", "vitalrig_last_sample_timestamp_seconds"


class Seen:
    """What the page showed once."""

    def __init__(self, rig, camera, started_s):
        shown = rig.metrics(camera=camera.prefix)
        self.states = {
            sample.labels["signal"]: sample.labels[STATE]
            for sample in shown
            if sample.name == STATE and sample.value
        }
        newest = [sample.value for sample in shown if sample.name == SAMPLE]
        self.from_s = max(newest, default=started_s) - started_s
        self.to_s = camera.time_s


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """One camera in real time: its history, and the page again and again."""
    path = tmp_path_factory.mktemp("scenario") / "states.yml"
    path.write_text(SCENARIO)
    with Rig.start_rig() as rig:
        rig.wait_ready(PATIENCE_S)
        camera = rig.camera(path)
        camera.expect(phasic_blood_pressure="valid", within=PATIENCE_S)
        first = next(each for each in camera.envelopes() if each["type"] == "edge_metrics")
        seen = []
        while camera.time_s < UNTIL_S:
            seen.append(Seen(rig, camera, first["timestamp"] / 1e6))
            time.sleep(0.1)
        return camera.changes(), [each for each in seen if each.states]


def of(changes, signal, from_s, to_s):
    """The states that a signal had at some moment between two."""
    own = [change for change in changes if change.signal == signal]
    ends = [change.time_s for change in own[1:]] + [float("inf")]
    return [
        change.state
        for change, end_s in zip(own, ends, strict=True)
        if change.time_s <= to_s and end_s >= from_s
    ]


@pytest.mark.parametrize("signal", [signal.name for signal in EXPORTED_SIGNALS])
def test_at_each_moment_the_page_shows_a_state_that_the_history_has(run, signal):
    """
    Between the newest sample that the page knows of and the moment at which it is read.
    """
    changes, seen = run

    assert [] == [
        (round(page.from_s, 2), round(page.to_s, 2), page.states[signal])
        for page in seen
        if page.states[signal] not in of(changes, signal, page.from_s - 0.1, page.to_s + 0.1)
    ]


@pytest.mark.parametrize(
    ("signal", "states"),
    [
        ("pulse", ["valid", "held", "lost"]),
        ("phasic_blood_pressure", ["valid", "held", "valid", "lost", "valid"]),
    ],
)
def test_the_page_shows_the_states_of_the_history_in_order(run, signal, states):
    """
    None that lasts for seconds is left out on either side.
    """
    changes, seen = run
    told = [change.state for change in changes if change.signal == signal]
    shown = [page.states[signal] for page in seen]
    shown = [shown[0], *(after for before, after in pairwise(shown) if after != before)]

    for found in (told, shown):
        rest = iter(found)
        assert all(state in rest for state in states), found
