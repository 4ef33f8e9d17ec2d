"""What does not work for a while, and when it is worth another try."""

import pytest

from smartspectra.ipc.storage.outage import Outage
from tests.unit.ipc.making import ManualClock


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def outage(clock):
    return Outage(0.5, 10.0, clock)


def test_attempts_come_ever_less_often_up_to_a_limit(outage):
    """
    Half a second at first, so that what comes back at once is lost for no longer.
    """
    waits_s = []
    for _ in range(7):
        outage.fail("gone")
        waits_s.append(outage.left_s)

    for longest_s, wait_s in zip([0.5, 1, 2, 4, 8, 10, 10], waits_s, strict=True):
        assert 0.9 * longest_s <= wait_s <= longest_s


def test_not_all_who_wait_come_back_at_one_moment(clock):
    """
    A thousand cameras whose disk is back do not all try it together.
    """
    outages = [Outage(0.5, 10.0, clock) for _ in range(100)]
    for outage in outages:
        outage.fail("gone")

    assert len({outage.due_at_s for outage in outages}) > 90


def test_a_try_is_due_after_the_wait_and_while_it_works(outage, clock):
    """
    What works is not held up.
    """
    due = [outage.is_due]
    outage.fail("gone")
    due.append(outage.is_due)
    clock.advance(0.5)
    due.append(outage.is_due)
    outage.fail("gone")
    outage.end()
    due.append(outage.is_due)

    assert [True, False, True, True] == due


def test_it_begins_once_and_ends_once_with_its_length(outage, clock):
    """
    So whoever logs that says it twice in all, however often it was tried.
    """
    told = [outage.fail("gone"), outage.fail("busy"), outage.why]
    clock.advance(12.5)
    told += [outage.end(), outage.end(), outage.why, outage.fail("gone")]

    assert [True, False, "busy", 12.5, None, None, True] == told


def test_the_first_wait_of_the_next_outage_is_short_again(outage):
    """
    It has nothing to do with the one before.
    """
    for _ in range(9):
        outage.fail("gone")
    outage.end()
    outage.fail("gone")

    assert outage.left_s <= 0.5


def test_an_outage_of_days_is_survived(outage):
    """
    Nothing grows with the number of attempts.
    """
    for _ in range(100_000):
        outage.fail("gone")

    assert outage.left_s <= 10
