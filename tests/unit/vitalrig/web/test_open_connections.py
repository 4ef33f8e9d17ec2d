"""Who is connected, and who makes room for whom."""

import socket

import pytest

from vitalrig.clock import ManualClock
from vitalrig.web.open_connections import OpenConnections


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def callers(clock):
    return OpenConnections(3, clock)


@pytest.fixture
def call(callers, clock):
    """Connect from an address; gives our end, whether there was room, and the caller's end."""
    pairs = []

    def call(address="a"):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        pairs.append((ours, theirs))
        clock.advance(1)
        return ours, callers.come_in(ours, address), theirs

    yield call
    for pair in pairs:
        for each in pair:
            each.close()


def is_cut_off(theirs):
    try:
        return theirs.recv(1) == b""
    except BlockingIOError:
        return False


def test_the_oldest_that_is_waited_for_makes_room(call):
    """
    Who has just come is likelier to ask.
    """
    calls = [call() for _ in range(4)]

    assert [True] * 4 == [let_in for _, let_in, _ in calls]
    assert [True, False, False, False] == [is_cut_off(theirs) for *_, theirs in calls]


def test_a_flood_from_one_address_drives_out_itself(call):
    """
    Who came before it stays.
    """
    first = call("scraper")
    flood = [call("flood") for _ in range(10)]

    assert not is_cut_off(first[2])
    assert 8 == sum(is_cut_off(theirs) for *_, theirs in flood)


def test_who_is_being_answered_makes_no_room(callers, call):
    """
    It asked properly.
    """
    asking = [call() for _ in range(3)]
    with (
        callers.not_waited_for(asking[0][0]),
        callers.not_waited_for(asking[1][0]),
        callers.not_waited_for(asking[2][0]),
    ):
        refused = call()
    let_in = call()

    assert (False, True) == (refused[1], let_in[1])
    assert [True, False, False] == [is_cut_off(theirs) for *_, theirs in asking]


def test_who_left_has_no_place(callers, call):
    """
    Neither has one that was cut off.
    """
    for ours, *_ in [call() for _ in range(5)]:
        callers.leave(ours)

    assert 0 == len(callers)
