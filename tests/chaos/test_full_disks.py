"""Disks that are full for a while."""

import time

import pytest

from tests.support.chaos.rig import a_rig
from tests.support.chaos.verdicts import assert_nothing_is_lost_in_silence
from tests.support.collecting import small_disk
from tests.support.dice import a_dice


@pytest.fixture
def disk(tmp_path):
    with small_disk(tmp_path / "disk", "24m") as disk:
        yield disk


def test_a_disk_of_sessions_that_is_full_for_a_while_loses_nothing(disk):
    """
    The collector is killed meanwhile; when there is room again, everything is written.
    """
    dice = a_dice()
    with a_rig(sessions=disk.folder / "sessions") as rig:
        rig.record("first")
        rig.until_more_is_written()
        disk.fill()
        time.sleep(dice.random())
        rig.collector.kill()
        rig.collector.start()
        time.sleep(2 * dice.random())
        disk.make_room()
        rig.until_more_is_written()
        rig.stop_recording()
        assert_nothing_is_lost_in_silence(rig, whole={"first"})


def test_one_disk_for_all_that_is_full_for_a_while_loses_nothing_in_silence(disk):
    """
    Sessions, Redis and what the server keeps until it is sent: the default of one machine.
    """
    dice = a_dice()
    with a_rig(folder=disk.folder) as rig:
        rig.record("first")
        rig.until_more_is_written()
        disk.fill()
        time.sleep(3 * dice.random())
        victim = dice.choice([rig.server, rig.collector])
        victim.kill()
        victim.start()
        time.sleep(2 * dice.random())
        disk.make_room()
        rig.until_more_is_published()
        rig.stop_recording()
        rig.record("second")
        rig.until_more_is_written()
        rig.stop_recording()
        assert_nothing_is_lost_in_silence(rig, whole={"second"})
