"""Any process of the rig killed at any moment, again and again, while sessions are recorded."""

import os
import random
import time

import pytest

from tests.support.chaos.rig import Rig, a_rig
from tests.support.chaos.verdicts import assert_nothing_is_lost_in_silence
from tests.support.dice import a_dice

KILLS = int(os.environ.get("VITALRIG_KILLS") or 60)
KILLS_A_SESSION = 3
ONE_IN = 6
"""Of so many kills one happens while Redis is away."""


def sleep(dice: random.Random, longest_s: float) -> None:
    """Let the rig work for a while; often for hardly any."""
    time.sleep(longest_s * dice.random() ** 2)


def kill_one(rig: Rig, dice: random.Random) -> str:
    """Any process but the readers'; it is started again at once or a little later."""
    victim = dice.choice(list(rig.programs.values()))
    victim.kill()
    sleep(dice, 0.6)
    victim.start()
    return victim.name


def kill_one_without_redis(rig: Rig, dice: random.Random) -> str:
    """The server or the collector, killed and back while Redis is away."""
    rig.redis.kill()
    sleep(dice, 1.5)
    victim = dice.choice([rig.server, rig.collector])
    victim.kill()
    sleep(dice, 0.6)
    victim.start()
    sleep(dice, 3.0)
    rig.redis.start()
    return f"{victim.name} without Redis"


@pytest.mark.timeout(300 + 30 * KILLS)
def test_whatever_is_killed_when_nothing_is_lost_in_silence():
    """
    Each session holds all that was published in it, or is not called complete and counts right.

    VITALRIG_KILLS sets the number of kills, VITALRIG_TEST_SEED has the same ones again.
    """
    dice = a_dice()
    without_redis = set(dice.sample(range(KILLS), KILLS // ONE_IN))
    whole = set()
    with a_rig() as rig:
        for first in range(0, KILLS, KILLS_A_SESSION):
            session = f"session_{first:03}"
            rig.record(session)
            killed = []
            for number in range(first, min(first + KILLS_A_SESSION, KILLS)):
                sleep(dice, 1.5)
                kill = kill_one_without_redis if number in without_redis else kill_one
                killed.append(kill(rig, dice))
            print(f"{session}: killed {', '.join(killed)}")  # noqa: T201  pytest shows it
            if not any("server" in each for each in killed):
                whole.add(session)
            rig.stop_recording()
        assert_nothing_is_lost_in_silence(rig, whole=frozenset(whole))
