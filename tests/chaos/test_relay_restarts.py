"""The relay of a server that only publishes, restarted in the middle of recordings."""

import os
import signal
import time

import pytest

from tests.support.chaos.rig import a_rig
from tests.support.chaos.verdicts import assert_nothing_is_lost_in_silence
from tests.support.dice import a_dice

RESTARTS = max(2, int(os.environ.get("VITALRIG_KILLS") or 60) // 6)


@pytest.mark.timeout(300 + 30 * RESTARTS)
def test_whatever_a_relay_misses_is_not_called_complete():
    """
    Killed or ended in order, and at any moment: the session says that something may be missing.

    Every other session sees no restart, and is whole.
    """
    dice = a_dice()
    whole = set()
    with a_rig(relayed=True) as rig:
        for number in range(RESTARTS):
            session = f"restarted_{number:03}"
            rig.record(session)
            time.sleep(dice.random())
            rig.relay.signal(dice.choice([signal.SIGKILL, signal.SIGTERM]))
            rig.relay.ended()
            time.sleep(dice.random() ** 2)
            rig.relay.start()
            rig.until_more_is_written()
            rig.stop_recording()
            rig.until_finished(session)
            quiet = f"quiet_{number:03}"
            rig.record(quiet)
            time.sleep(dice.random())
            rig.stop_recording()
            rig.until_finished(quiet)
            whole.add(quiet)
        assert_nothing_is_lost_in_silence(rig, whole=whole)
