"""The watchdog: a loop that stands still ends the process."""

from vitalrig.clock import ManualClock
from vitalrig.service.health import Health
from vitalrig.service.watchdog import Watchdog


def a_watchdog(tmp_path, clock, ended):
    return Watchdog(Health(tmp_path / "h", clock), 60, clock, lambda: ended.append(True))


def test_a_loop_that_turns_is_left_alone(tmp_path):
    """
    Work that takes its time is not a reason to be ended.
    """
    clock, ended = ManualClock(), []
    watchdog = a_watchdog(tmp_path, clock, ended)
    clock.advance(59)
    watchdog.beat()
    clock.advance(59)

    watchdog.check()

    assert [] == ended


def test_a_loop_that_stands_still_ends_the_process(tmp_path):
    """
    Neither compose nor supervisord restarts what merely hangs, so it must end itself.
    """
    clock, ended = ManualClock(), []
    watchdog = a_watchdog(tmp_path, clock, ended)
    clock.advance(61)

    watchdog.check()

    assert [True] == ended
