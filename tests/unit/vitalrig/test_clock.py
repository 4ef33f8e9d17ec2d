"""How old something is, whatever anybody does to the wall clock."""

import pytest

from vitalrig.clock import ManualClock, SystemClock, moment


def test_age_is_from_the_stamp_until_it_was_seen_and_then_goes_on():
    """
    Two seconds under way, three since then.
    """
    clock = ManualClock()
    stamp_us = clock.wall_us()
    clock.advance(2)
    seen = moment(clock)
    clock.advance(3)

    assert 5.0 == seen.age_s(stamp_us, moment(clock))


@pytest.mark.parametrize("step_s", [-9, 3_600])
def test_a_wall_clock_that_is_set_ages_nothing(step_s):
    """
    Set back, a dead number would live longer; set forward, a live one would die.
    """
    clock = ManualClock()
    seen = moment(clock)
    clock.advance(3)
    clock.jump_wall(step_s)

    assert 3.0 == seen.age_s(seen.wall_us, moment(clock))


def test_a_stamp_from_ahead_is_as_old_as_it_is_ahead():
    """
    A camera's clock that is a day ahead would otherwise look live for a day after its end.
    """
    clock = ManualClock()
    seen = moment(clock)

    assert 86_400.0 == seen.age_s(seen.wall_us + 86_400_000_000, seen)


def test_the_uptime_of_the_machine_never_goes_back():
    """
    And is one for all processes of the machine.
    """
    clock = SystemClock()

    assert clock.uptime_s() <= clock.uptime_s()
