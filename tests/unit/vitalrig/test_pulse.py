"""The watchdog: a loop that stands still ends the process."""

from vitalrig.clock import ManualClock
from vitalrig.health import Health
from vitalrig.service import Pulse


def a_pulse(tmp_path, clock, ended):
    return Pulse(Health(tmp_path / "h", clock), 60, clock, lambda: ended.append(True))


def test_a_loop_that_turns_is_left_alone(tmp_path):
    """
    Work that takes its time is no reason to be ended.
    """
    clock, ended = ManualClock(), []
    pulse = a_pulse(tmp_path, clock, ended)
    clock.advance(59)
    pulse.beat()
    clock.advance(59)

    pulse.check()

    assert [] == ended


def test_a_loop_that_stands_still_ends_the_process(tmp_path):
    """
    Neither compose nor supervisord restarts what merely hangs, so it must end itself.
    """
    clock, ended = ManualClock(), []
    pulse = a_pulse(tmp_path, clock, ended)
    clock.advance(61)

    pulse.check()

    assert [True] == ended
