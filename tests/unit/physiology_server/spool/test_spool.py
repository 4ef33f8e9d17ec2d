"""The spool: what is made is on disk until it was sent."""

import asyncio

import pytest

from services.physiology_server.envelopes import Outgoing
from services.physiology_server.spool import spool as spool_module
from services.physiology_server.spool.spool import Spool
from tests.support.spooling import MIB, numbers, of, put, put_many, send_all
from vitalrig.errors import CannotStart


def test_an_envelope_comes_back_byte_for_byte(disk):
    """
    Whatever it holds: an envelope need not be good JSON.
    """
    envelope = bytes(range(256)) + '{"é":"☃"}'.encode()
    disk.run("a").put(Outgoing("status", envelope))
    disk.crash()
    (found,) = disk.run("b").take(9)

    assert ("status", envelope) == (found.outgoing.channel, found.outgoing.envelope)


def test_memory_holds_the_newest_and_the_disk_the_rest(disk):
    """
    A long absence costs disk, not memory.
    """
    outbox = disk.run("a", in_memory=10)
    put_many(outbox, 1_000)
    in_memory = len(list(outbox._in_memory()))

    assert (10, of("a", *range(1, 1_001)), 0) == (in_memory, numbers(send_all(outbox)), outbox.lost)


def test_what_comes_while_the_backlog_is_sent_comes_after_it(disk):
    """
    In order, wherever it was kept.
    """
    outbox = disk.run("a", in_memory=10)
    put_many(outbox, 100)
    sent = []
    while batch := outbox.take(7):
        sent += batch
        outbox.done()
        if len(sent) < 300:
            put_many(outbox, 5)

    assert of("a", *range(1, outbox.accepted + 1)) == numbers(sent)


def test_what_the_spool_cannot_hold_is_lost_oldest_first_and_counted(disk):
    """
    All of the rest is sent: made = sent + lost.
    """
    outbox = disk.run("a", max_bytes=64 * 1_024, in_memory=10)
    put_many(outbox, 1_000, size=200)
    lost_before_sending = outbox.lost
    sent = send_all(outbox)

    assert (of("a", *range(outbox.lost + 1, 1_001)), True, True) == (
        numbers(sent),
        lost_before_sending == outbox.lost > 0,
        sum(path.stat().st_size for path in disk.folder.glob("*.jsonl")) < 80 * 1_024,
    )


def test_files_go_when_all_that_they_hold_was_sent(disk):
    """
    The spool of a rig that runs well stays small.
    """

    async def settle():
        await disk.spool.settle()

    outbox = disk.run("a", max_bytes=64 * 1_024)
    for _ in range(100):
        put_many(outbox, 10, size=100)
        send_all(outbox)
    asyncio.run(settle())

    assert 1 == len(list(disk.folder.glob("*.jsonl")))


def test_a_second_server_with_the_same_folder_is_refused(disk):
    """
    Two would mix their numbers.
    """
    disk.run("a")

    with pytest.raises(CannotStart, match="in use"):
        Spool(disk.folder, "b", MIB, disk.health, disk.clock)


def test_what_a_stop_leaves_is_told_and_sent_by_the_next_run(disk):
    """
    Nothing is discarded in silence.
    """
    before = disk.run("a")
    put(before, "1", "2", "3")
    before.take(1)
    waiting = disk.stop(before)

    assert (3, 0, of("a", 1, 2, 3)) == (waiting, before.lost, numbers(send_all(disk.run("b"))))


@pytest.mark.parametrize(("waits", "synced"), [(True, True), (False, False)])
def test_what_waits_is_synced_and_what_was_sent_costs_no_sync(disk, monkeypatch, waits, synced):
    """
    A power cut costs the last second at most; a disk that is slow costs live numbers nothing.
    """
    outbox = disk.run("a")
    asyncio.run(disk.spool.settle())
    paths = []
    monkeypatch.setattr(spool_module, "sync", paths.extend)
    put(outbox, "1")
    if not waits:
        send_all(outbox)
    asyncio.run(disk.spool.settle())

    assert ([disk.newest()] if synced else []) == paths
