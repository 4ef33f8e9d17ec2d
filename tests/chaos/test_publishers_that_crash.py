"""A server that only publishes, killed in the middle of recordings and started again."""

import os
import time

import pytest

from tests.support.chaos.rig import a_rig
from tests.support.chaos.verdicts import assert_nothing_is_lost_in_silence
from tests.support.dice import a_dice

CRASHES = max(2, int(os.environ.get("VITALRIG_KILLS") or 60) // 20)


@pytest.mark.timeout(300 + 60 * CRASHES)
def test_a_recording_in_which_a_publisher_crashed_is_not_called_complete():
    """
    It numbers nothing and names no run; all that tells is what it says when it is back.

    Every other session sees no crash, and is whole.
    """
    dice = a_dice()
    crashed, whole = [], set()
    with a_rig(relayed=True, server={"resume_recording": False, "spool_folder": None}) as rig:
        for number in range(CRASHES):
            crashed.append(f"crashed_{number:03}")
            rig.record(crashed[-1])
            rig.until_more_is_written()
            time.sleep(dice.random())
            rig.server.kill()
            time.sleep(dice.random() ** 2)
            rig.server.start()
            rig.stop_recording()
            rig.until_finished(crashed[-1])
            quiet = f"quiet_{number:03}"
            rig.record(quiet)
            time.sleep(dice.random())
            rig.stop_recording()
            rig.until_finished(quiet)
            whole.add(quiet)
        assert_nothing_is_lost_in_silence(rig, whole=whole)
        verdicts = {each: rig.manifest(each)["complete"] for each in crashed}

    assert dict.fromkeys(crashed, False) == verdicts
