"""Somebody sets the time while sessions are recorded."""

import os
import time

import pytest

from tests.support.chaos.rig import a_rig
from tests.support.chaos.verdicts import assert_nothing_is_lost_in_silence
from tests.support.dice import a_dice

STEPS_S = (-9.0, 3_600.0, -86_400.0, 0.0, 2.0)
KILLS = int(os.environ.get("VITALRIG_KILLS") or 60)


@pytest.mark.timeout(300 + 30 * KILLS)
def test_a_clock_that_is_set_loses_nothing():
    """
    Forwards and back, by seconds and by a day, while now and then the collector is killed.
    """
    dice = a_dice()
    sessions = [f"session_{number:03}" for number in range(max(3, KILLS // 12))]
    with a_rig() as rig:
        for session in sessions:
            rig.record(session)
            for _ in range(2):
                time.sleep(dice.random())
                rig.set_clocks(dice.choice(STEPS_S))
            if dice.random() < 0.5:
                rig.collector.kill()
                rig.set_clocks(dice.choice(STEPS_S))
                rig.collector.start()
            rig.until_more_is_written()
            rig.stop_recording()
        assert_nothing_is_lost_in_silence(rig, whole=sessions)
