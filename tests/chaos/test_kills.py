"""Any process of the rig killed at any moment, again and again, while sessions are recorded."""

import os
import random
import time
from collections.abc import Mapping

import pytest

from tests.support.chaos.rig import Rig, a_rig
from tests.support.chaos.verdicts import assert_nothing_is_lost_in_silence
from tests.support.dice import a_dice
from tests.support.own_process import OwnProcess

KILLS = int(os.environ.get("VITALRIG_KILLS") or 60)
KILLS_A_SESSION = 3
FEWER = max(3, KILLS // 4)
KEEPS_NOTHING = {"spool_folder": None, "resume_recording": False}
ONE_IN = 6
"""Of so many kills one happens while Redis is away."""

IN_ORDER = 0.15
TWO_AT_ONCE = 0.15


def sleep(dice: random.Random, longest_s: float) -> None:
    """Let the rig work for a while; often for hardly any."""
    time.sleep(longest_s * dice.random() ** 2)


def end(victims: list[OwnProcess], dice: random.Random) -> str:
    """Kill them, or end them in order, and start them again at once or a little later."""
    in_order = dice.random() < IN_ORDER
    for victim in victims:
        if in_order:
            victim.stop()
        else:
            victim.kill()
    sleep(dice, 0.6)
    for victim in victims:
        victim.start()
    names = " and ".join(victim.name for victim in victims)
    return f"{names} ended in order" if in_order else names


def end_some(rig: Rig, dice: random.Random) -> str:
    """Any process of the rig, sometimes two."""
    programs = list(rig.programs.values())
    return end(dice.sample(programs, 2 if dice.random() < TWO_AT_ONCE else 1), dice)


def end_one_without_redis(rig: Rig, dice: random.Random) -> str:
    """Any other process, ended and back while Redis is away."""
    rig.redis.kill()
    sleep(dice, 1.5)
    others = [each for each in rig.programs.values() if each is not rig.redis]
    ended = end([dice.choice(others)], dice)
    sleep(dice, 3.0)
    rig.redis.start()
    return f"{ended} without redis"


def without(killed: Mapping[str, str], *names: str) -> set[str]:
    """
    The sessions in which none of these was killed, nor in the next one.

    A Redis that is killed may lose what it took in the second or two before.
    """
    sessions = list(killed)
    return {
        session
        for session, after in zip(sessions, [*sessions[1:], sessions[-1]], strict=True)
        if not any(name in killed[session] + killed[after] for name in names)
    }


@pytest.mark.parametrize(
    ("kills", "settings"),
    [(KILLS, {}), (FEWER, {"server": KEEPS_NOTHING}), (FEWER, {"relayed": True})],
    ids=["as in the rig", "a server that keeps nothing", "a server that only publishes"],
)
@pytest.mark.timeout(300 + 30 * KILLS)
def test_whatever_is_killed_when_nothing_is_lost_in_silence(kills, settings):
    """
    Each session holds all that was published in it, or is not called complete and counts right.

    VITALRIG_KILLS sets the number of kills, VITALRIG_TEST_SEED has the same ones again.
    """
    dice = a_dice()
    without_redis = set(dice.sample(range(kills), kills // ONE_IN))
    killed: dict[str, str] = {}
    with a_rig(**settings) as rig:
        for first in range(0, kills, KILLS_A_SESSION):
            session = f"session_{first:03}"
            rig.record(session)
            names = []
            for number in range(first, min(first + KILLS_A_SESSION, kills)):
                sleep(dice, 1.5)
                end_them = end_one_without_redis if number in without_redis else end_some
                names.append(end_them(rig, dice))
            killed[session] = ", ".join(names)
            print(f"{session}: killed {killed[session]}")  # noqa: T201  pytest shows it
            rig.stop_recording()
        assert_nothing_is_lost_in_silence(
            rig,
            whole=without(killed, "redis", "server", "relay"),
            proven=without(killed, "server", "relay"),
        )
