"""
Blocks and functions that beat.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from vitalrig.heartbeat import Heartbeat
from vitalrig.heartbeat.timed import BeatTimer


class Ticks:
    """
    A clock that goes on when told to.
    """

    def __init__(self):
        self.now = 1_000

    def __call__(self):
        return self.now


@pytest.fixture
def ticks():
    return Ticks()


def test_a_block_beats_with_the_time_it_took(ticks):
    """
    One beat for the block, with its tag and its fields.
    """
    hbt = Heartbeat(5, 1, (1,))
    timer = BeatTimer(hbt, ticks)

    with timer.block("frame 7", ((3,),)):
        ticks.now += 40

    assert ("frame 7", (40,), (3,)) == (
        hbt.get_record().tag,
        hbt.get_value(),
        hbt.get_value(0, 0),
    )


def test_fields_may_be_set_in_the_block(ticks):
    """
    What was counted is known at its end only.
    """
    hbt = Heartbeat(5, 1, (1,))

    with BeatTimer(hbt, ticks).block() as block:
        block.fields = [(8,)]

    assert (8,) == hbt.get_value(0, 0)


def test_a_heartbeat_of_starts_and_ends_gets_both(ticks):
    """
    The shape of time is the heartbeat's.
    """
    hbt = Heartbeat(5, 2)

    with BeatTimer(hbt, ticks).block():
        ticks.now += 5

    assert (1_000, 1_005) == hbt.get_value()


def test_a_block_that_raises_does_not_beat(ticks):
    """
    Work that failed is not done, and the error is the block's own.
    """
    hbt = Heartbeat(5)

    with pytest.raises(LookupError), BeatTimer(hbt, ticks).block():
        raise LookupError

    assert 0 == hbt.count


@pytest.mark.parametrize(("time_shape", "time"), [(1, (1,)), (2, (1_000, 1_001))])
def test_a_block_too_short_for_the_clock_counts_as_one_tick(ticks, time_shape, time):
    """
    Time has to pass for a beat.
    """
    hbt = Heartbeat(5, time_shape)

    with BeatTimer(hbt, ticks).block():
        pass

    assert time == hbt.get_value()


def test_a_function_beats_at_each_call(ticks):
    """
    Calls are numbered, and name, arguments and result are the function's own.
    """
    hbt = Heartbeat(5)

    @BeatTimer(hbt, ticks)
    def add(first, *, second):
        ticks.now += first
        return first + second

    assert [3, 5] == [add(1, second=2), add(2, second=3)]
    assert [(0, (1,)), (1, (2,))] == [(hbr.tag, hbr.time.val) for hbr in hbt.get_records()]
    assert "add" == add.__name__


def test_a_function_that_raises_does_not_beat(ticks):
    """
    The same as a block.
    """
    hbt = Heartbeat(5)

    @BeatTimer(hbt, ticks)
    def fail():
        raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert 0 == hbt.count


def test_a_coroutine_function_is_timed_until_it_is_done(ticks):
    """
    Not until it is first suspended.
    """
    hbt = Heartbeat(5)

    @BeatTimer(hbt, ticks)
    async def work():
        await asyncio.sleep(0)
        ticks.now += 9
        return "done"

    assert "done" == asyncio.run(work())
    assert (9,) == hbt.get_value()


def test_blocks_within_blocks_and_in_threads_have_their_own_times(ticks):
    """
    One timer serves them all.
    """
    hbt = Heartbeat(200)
    timer = BeatTimer(hbt, ticks)
    with timer.block("outer"):
        ticks.now += 1
        with timer.block("inner"):
            ticks.now += 10
    assert [("inner", 10), ("outer", 11)] == [(hbr.tag, hbr.time.inst) for hbr in hbt.get_records()]

    @BeatTimer(hbt)
    def nothing(_):
        pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(nothing, range(100)))

    assert set(range(100)) == {hbr.tag for hbr in hbt.get_records(since=2)}
