"""A queue for each reader."""

import asyncio
import logging

from services.physiology_server.publishing.subscribers import Subscribers
from tests.support.patience import PATIENCE_S


async def read(reader, count):
    got = [await reader.next() for _ in range(count)]
    return [(delivery.seq, missed) for delivery, missed in got]


def test_every_reader_gets_every_message_of_its_channel_and_no_other():
    """
    In order, from when it subscribed.
    """
    hub = Subscribers()
    hub.offer("a", b"", 1)
    with hub.subscribe("a") as first, hub.subscribe("a") as second, hub.subscribe("b") as other:
        for seq in (2, 3):
            hub.offer("a", b"", seq)
        hub.offer("b", b"", 4)
        found = asyncio.run(_three(first, second, other))

    assert ([(2, 0), (3, 0)], [(2, 0), (3, 0)], [(4, 0)]) == found


async def _three(first, second, other):
    return await read(first, 2), await read(second, 2), await read(other, 1)


def test_a_full_queue_loses_the_oldest_and_says_how_many():
    """
    With the first message after the hole, and only with that one.
    """
    hub = Subscribers(queue=3)
    with hub.subscribe("a") as reader:
        for seq in range(1, 9):
            hub.offer("a", b"", seq)

        assert [(6, 5), (7, 0), (8, 0)] == asyncio.run(read(reader, 3))


def test_the_loss_of_one_reader_is_none_of_another():
    """
    Who keeps up has every message.
    """

    async def scenario():
        hub = Subscribers(queue=1)
        with hub.subscribe("a") as slow, hub.subscribe("a") as quick:
            got = []
            for seq in (1, 2, 3):
                hub.offer("a", b"", seq)
                got += await read(quick, 1)
            return got, await read(slow, 1)

    assert ([(1, 0), (2, 0), (3, 0)], [(3, 2)]) == asyncio.run(scenario())


def test_what_was_lost_on_the_way_to_the_readers_is_told_too():
    """
    A reader does not care where.
    """
    hub = Subscribers()
    with hub.subscribe("a") as reader:
        hub.miss("a", 4)
        hub.offer("a", b"", 5)

        assert [(5, 4)] == asyncio.run(read(reader, 1))


def test_a_waiting_reader_is_woken():
    """
    It does not look again and again.
    """

    async def scenario():
        hub = Subscribers()
        with hub.subscribe("a") as reader:
            reading = asyncio.create_task(read(reader, 1))
            await asyncio.sleep(0)
            hub.offer("a", b"", 1)
            return await asyncio.wait_for(reading, PATIENCE_S)

    assert [(1, 0)] == asyncio.run(scenario())


def test_the_end_comes_after_what_waits():
    """
    A stop cuts nothing off.
    """

    async def scenario():
        hub = Subscribers()
        with hub.subscribe("a") as reader:
            hub.offer("a", b"", 1)
            hub.close()
            return (await reader.next())[0].seq, await reader.next()

    assert (1, None) == asyncio.run(scenario())


def test_who_comes_after_the_end_is_told_so():
    """
    Instead of being left to wait.
    """

    async def scenario():
        hub = Subscribers()
        hub.close()
        with hub.subscribe("a") as reader:
            return await asyncio.wait_for(reader.next(), PATIENCE_S)

    assert asyncio.run(scenario()) is None


def test_what_is_made_of_a_message_is_made_once_for_all_readers():
    """
    Eight readers do not cost eight times as much.
    """
    hub, made = Subscribers(), []
    with hub.subscribe("a") as first, hub.subscribe("a") as second:
        hub.offer("a", b"", 1)
        for reader in (first, second):
            delivery, _ = asyncio.run(reader.next())
            delivery.once("key", lambda: made.append(1))

    assert [1] == made


def test_a_reader_that_is_gone_costs_nothing():
    """
    Its queue goes with it.
    """
    hub = Subscribers()
    with hub.subscribe("a"):
        pass

    assert 0 == hub.count("a")


def test_the_first_loss_of_a_reader_is_logged_and_the_others_only_counted(caplog):
    """
    A flood does not flood the log as well.
    """
    hub = Subscribers(queue=1)
    with caplog.at_level(logging.INFO), hub.subscribe("a", "someone"):
        for seq in range(5):
            hub.offer("a", b"", seq)

    assert [("reader is too slow", None), ("reader left", 4)] == [
        (record.message, getattr(record, "missed", None)) for record in caplog.records
    ]
