"""A disk that does not take what is made."""

import asyncio
import errno
import os

import pytest

from tests.support.spooling import numbers, of, put, put_many, send_all


class FullDisk:
    """Takes nothing, or half of what is written."""

    def __init__(self, monkeypatch):
        self.full = False
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, descriptor, data):
        if not self.full:
            return self._write(descriptor, data)
        if len(data) > 40:
            return self._write(descriptor, data[:20])
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def full_disk(monkeypatch):
    return FullDisk(monkeypatch)


def test_a_full_disk_costs_nothing_while_the_backend_takes_envelopes(disk, full_disk):
    """
    Health says that a crash would.
    """
    outbox = disk.run("a")
    put(outbox, "1")
    full_disk.full = True
    put(outbox, "2", "3")

    assert (of("a", 1, 2, 3), True) == (
        numbers(send_all(outbox)),
        "spool" in disk.health.failing,
    )


def test_after_a_crash_on_a_full_disk_nothing_is_said_of_the_run_before(disk, full_disk):
    """
    It made what the disk did not take.
    """
    outbox = disk.run("a")
    put(outbox, "1", "2")
    full_disk.full = True
    put(outbox, "3")
    full_disk.full = False
    disk.crash()
    after = disk.run("b")

    assert (of("a", 1, 2), "") == (numbers(send_all(after)), disk.spool.past.follows)


def test_when_the_disk_has_room_again_what_is_in_memory_is_written(disk, full_disk):
    """
    Then a crash costs nothing any more.
    """
    outbox = disk.run("a")
    put(outbox, "1")
    full_disk.full = True
    put(outbox, "2", "3")
    full_disk.full = False
    disk.clock.advance(1.5)
    put(outbox, "4")
    disk.crash()
    after = disk.run("b")

    assert (of("a", 1, 2, 3, 4), "a:4", {}) == (
        numbers(send_all(after)),
        disk.spool.past.follows,
        {name: why for name, why in disk.health.failing.items() if name == "spool"},
    )


def test_what_neither_memory_nor_a_full_disk_holds_is_counted(disk, full_disk):
    """
    What is on disk is sent all the same: made = sent + lost.
    """
    outbox = disk.run("a", in_memory=5)
    put_many(outbox, 20)
    full_disk.full = True
    put_many(outbox, 20)
    full_disk.full = False
    disk.clock.advance(1.5)
    put_many(outbox, 5)
    sent = numbers(send_all(outbox))

    assert (of("a", *range(1, 21)), of("a", 45), 45) == (
        sent[:20],
        sent[-1:],
        len(sent) + outbox.lost,
    )


def test_a_stop_on_a_full_disk_counts_what_it_discards(disk, full_disk):
    """
    And only that: what the disk took waits.
    """
    outbox = disk.run("a")
    put(outbox, "1", "2")
    full_disk.full = True
    put(outbox, "3")
    full_disk.full = False

    assert (2, 1) == (asyncio.run(outbox.close()), outbox.lost)
