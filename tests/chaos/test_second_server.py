"""Two servers with one key prefix."""

import time

from tests.support.chaos.rig import a_rig
from tests.support.chaos.verdicts import assert_nothing_is_lost_in_silence
from tests.support.ports import free_port


def test_a_second_server_with_the_prefix_does_not_start_and_costs_nothing():
    """
    It names the one that is there, and the recording of that one is whole.
    """
    with a_rig() as rig:
        rig.record("first")
        second = rig.a_server("second", free_port(), spool_folder=rig.folder / "other")
        second.start()
        status = second.ended()
        rig.until_more_is_written()
        rig.stop_recording()
        assert_nothing_is_lost_in_silence(rig, whole={"first"})

        assert 3 == status
        assert "another server publishes as physiology" in second.log_text()


def test_a_second_server_takes_the_place_of_one_that_was_killed():
    """
    At once, and what the first one recorded is kept.
    """
    with a_rig() as rig:
        rig.record("first")
        time.sleep(0.5)
        rig.server.kill()
        rig.server.start()
        rig.until_more_is_written()
        rig.stop_recording()
        rig.record("second")
        rig.until_more_is_written()
        rig.stop_recording()
        assert_nothing_is_lost_in_silence(rig)
