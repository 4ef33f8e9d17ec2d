"""From the camera's thread to the event loop."""

import asyncio
import threading

import pytest

from services.physiology_server.captures.thread_bridge import ThreadBridge


def test_what_is_put_in_a_thread_is_taken_in_order():
    """
    Nothing is lost while the queue has room.
    """

    async def run():
        handover = ThreadBridge(10, lambda: None)
        thread = threading.Thread(target=lambda: [handover.put(n) for n in range(10)])
        thread.start()
        taken = [await handover.take(5) for _ in range(10)]
        thread.join()
        return taken

    assert list(range(10)) == asyncio.run(run())


def test_when_it_is_full_the_newest_are_kept_and_the_others_counted():
    """
    A live picture that is old is of no use.
    """

    async def run():
        dropped = []
        handover = ThreadBridge(3, lambda: dropped.append(1))
        for number in range(10):
            handover.put(number)
        return [await handover.take(5) for _ in range(3)], len(dropped)

    assert ([7, 8, 9], 7) == asyncio.run(run())


def test_every_item_is_taken_or_counted_however_fast_they_come():
    """
    The two threads lose nothing between them.
    """

    async def run():
        dropped = []
        handover = ThreadBridge(4, lambda: dropped.append(1))

        def put():
            for number in range(2_000):
                handover.put(number)

        thread = threading.Thread(target=put)
        thread.start()
        taken = []
        while (item := await handover.take(0.3)) is not None:
            taken.append(item)
        thread.join()
        return taken, len(dropped)

    taken, dropped = asyncio.run(run())
    assert sorted(set(taken)) == taken
    assert 2_000 == len(taken) + dropped


def test_when_nothing_comes_the_taker_gets_to_know():
    """
    So the frame loop turns without a camera.
    """

    async def run():
        return await ThreadBridge(1, lambda: None).take(0.01)

    assert None is asyncio.run(run())


def test_a_fault_of_the_thread_is_raised_where_items_are_taken():
    """
    A thread that has died does not look like a camera that is away.
    """

    async def run():
        handover = ThreadBridge(1, lambda: None)
        handover.fail(RuntimeError("the thread died"))
        await handover.take(5)

    with pytest.raises(RuntimeError, match="the thread died"):
        asyncio.run(run())


def test_a_thread_that_outlives_the_loop_is_not_disturbed():
    """
    A device that hangs may come back after the capture has ended.
    """

    async def make():
        return ThreadBridge(1, lambda: None)

    handover = asyncio.run(make())

    assert None is handover.put(1)
