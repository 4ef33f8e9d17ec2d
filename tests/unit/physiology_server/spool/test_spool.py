"""The spool: what is made is on disk until it was sent."""

import asyncio
import contextlib
import errno
import os

import pytest

from services.physiology_server.control import RecordingChange
from services.physiology_server.envelopes import Outgoing, of_change
from services.physiology_server.outbox import Outbox
from services.physiology_server.spool import spool as spool_module
from services.physiology_server.spool.spool import Spool
from vitalrig.clock import ManualClock
from vitalrig.errors import CannotStart
from vitalrig.health import Health

MIB = 1 << 20


class Disk:
    """A folder for spools, one run after the other, as crashes and stops leave it."""

    def __init__(self, folder):
        self.folder = folder / "spool"
        self.clock = ManualClock()
        self.health = Health(folder / "health")
        self._open = None

    def run(self, name, max_bytes=64 * MIB, in_memory=100):
        self.spool = self._open = Spool(self.folder, name, max_bytes, self.health, self.clock)
        return Outbox(in_memory, self.clock, run=name, spool=self.spool)

    def crash(self):
        """What a killed process leaves: the files as they are."""
        self._open.let_go()

    def stop(self, outbox):
        waiting = asyncio.run(outbox.close())
        self.crash()
        return waiting

    def newest(self):
        return max(self.folder.glob("*.jsonl"))


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path)
    yield disk
    with contextlib.suppress(AttributeError):
        disk.crash()


def put(outbox, *texts, size=0):
    for text in texts:
        outbox.put(Outgoing("edge_metrics", text.encode() + b" " * size))


def put_many(outbox, count, size=0):
    put(outbox, *(str(number) for number in range(count)), size=size)


def recording(on, session="first"):
    return of_change(RecordingChange(on, session, 1_000_000))


def numbers(batch):
    return [(each.run, each.seq) for each in batch]


def send_all(outbox, at_most=64):
    sent = []
    while batch := outbox.take(at_most):
        sent += batch
        outbox.done()
    return sent


def of(run, *seqs):
    return [(run, seq) for seq in seqs]


def test_what_a_crash_left_is_sent_by_the_next_run_under_its_own_numbers(disk):
    """
    The old run's id and numbers come first, then the new run's.
    """
    put(disk.run("a"), "1", "2")
    disk.crash()
    after = disk.run("b")
    put(after, "3")

    assert [*of("a", 1, 2), *of("b", 1)] == numbers(send_all(after))


def test_an_envelope_comes_back_byte_for_byte(disk):
    """
    Whatever it holds: an envelope need not be good JSON.
    """
    envelope = bytes(range(256)) + '{"é":"☃"}'.encode()
    disk.run("a").put(Outgoing("status", envelope))
    disk.crash()
    (found,) = disk.run("b").take(9)

    assert ("status", envelope) == (found.outgoing.channel, found.outgoing.envelope)


def test_what_was_sent_is_not_sent_again_after_a_crash(disk):
    """
    The mark of what was sent is on disk as well.
    """
    before = disk.run("a")
    put(before, "1", "2", "3")
    before.take(2)
    before.done()
    disk.crash()

    assert of("a", 3) == numbers(send_all(disk.run("b")))


def test_the_first_entry_names_the_run_before_and_its_last_number(disk):
    """
    After a crash that left all of it, as after a stop.
    """
    put(disk.run("a"), "1", "2")
    disk.crash()
    after = disk.run("b")
    put(after, "1", "2")

    assert ["", "", "a:2", ""] == [each.follows for each in send_all(after)]


def test_after_a_stop_the_next_run_follows_it_even_through_a_reboot(disk, monkeypatch):
    """
    A stop makes it all safe.
    """
    before = disk.run("a")
    put(before, "1", "2")
    send_all(before)
    disk.stop(before)
    monkeypatch.setattr(spool_module, "_boot", lambda: "another boot")

    disk.run("b")

    assert "a:2" == disk.spool.past.follows


def test_after_a_power_cut_nothing_is_said_of_the_run_before(disk, monkeypatch):
    """
    The last second may not have reached the disk.
    """
    put(disk.run("a"), "1", "2")
    disk.crash()
    monkeypatch.setattr(spool_module, "_boot", lambda: "another boot")
    disk.run("b")

    assert "" == disk.spool.past.follows


@pytest.mark.parametrize("cut", [1, 2, 30])
def test_a_torn_end_costs_what_is_torn_and_the_certainty(disk, cut):
    """
    What is whole is sent; nobody claims that nothing is missing.
    """
    put(disk.run("a"), "1", "2", "3")
    disk.crash()
    path = disk.newest()
    os.truncate(path, path.stat().st_size - cut)
    after = disk.run("b")

    assert (of("a", 1, 2), "") == (numbers(send_all(after))[:2], disk.spool.past.follows)


def test_a_page_of_zeros_costs_what_it_covers(disk):
    """
    As a power cut may leave one in the middle.
    """
    put(disk.run("a"), "1", "2", "3")
    disk.crash()
    path = disk.newest()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1] + bytes(len(lines[2])) + b"\n" + lines[3])
    after = disk.run("b")

    assert (of("a", 1, 3), 1, "") == (
        numbers(send_all(after)),
        after.lost,
        disk.spool.past.follows,
    )


def test_an_empty_newest_file_leaves_the_older_ones(disk):
    """
    As a power cut may leave it.
    """
    before = disk.run("a", max_bytes=16 * 1_000)
    put_many(before, 30)
    disk.crash()
    disk.newest().write_bytes(b"")
    after = disk.run("b", max_bytes=16 * 1_000)
    sent = send_all(after)

    assert (1, "") == (sent[0].seq, disk.spool.past.follows)


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


def test_what_was_lost_is_not_lost_again_after_a_crash(disk):
    """
    The next run counts its own losses only.
    """
    put_many(disk.run("a", max_bytes=64 * 1_024, in_memory=10), 1_000, size=200)
    disk.crash()
    after = disk.run("b", max_bytes=64 * 1_024)
    sent = send_all(after)

    assert (1_000, 0) == (sent[-1].seq, after.lost)


def test_files_go_when_all_that_they_hold_was_sent(disk):
    """
    The spool of a rig that runs well stays small.
    """

    async def settle():
        await disk.spool._settle(all_of_it=False)

    outbox = disk.run("a", max_bytes=64 * 1_024)
    for _ in range(100):
        put_many(outbox, 10, size=100)
        send_all(outbox)
    asyncio.run(settle())

    assert 1 == len(list(disk.folder.glob("*.jsonl")))


def test_a_run_that_made_nothing_hands_on_what_it_follows(disk):
    """
    A server that could not start comes between two that could.
    """
    put(disk.run("a"), "1", "2")
    disk.crash()
    disk.run("b")
    disk.crash()
    disk.run("c")

    assert "a:2" == disk.spool.past.follows


def test_three_runs_are_sent_in_their_order(disk):
    """
    Redis may be away through several restarts.
    """
    for name in ("a", "b", "c"):
        put(disk.run(name), "1", "2")
        disk.crash()
    sent = send_all(disk.run("d"))

    assert (
        [*of("a", 1, 2), *of("b", 1, 2), *of("c", 1, 2)],
        ["", "", "a:2", "", "b:2", ""],
    ) == (numbers(sent), [each.follows for each in sent])


@pytest.mark.parametrize(
    ("made", "left"),
    [
        ([recording(True)], "first"),
        ([recording(True, "")], ""),
        ([recording(True), recording(False)], None),
        ([], None),
    ],
    ids=["recording", "without a name", "ended", "none"],
)
def test_a_crash_leaves_word_of_the_recording_that_it_cut_off(disk, made, left):
    """
    So that the next run can go on with it.
    """
    outbox = disk.run("a")
    for each in made:
        outbox.put(each)
    send_all(outbox)
    disk.crash()
    disk.run("b")

    assert left == disk.spool.past.recording


def test_word_of_a_recording_outlives_the_file_that_it_began_in(disk):
    """
    A recording may last for days.
    """
    outbox = disk.run("a", max_bytes=64 * 1_024)
    outbox.put(recording(True))
    for _ in range(50):
        put_many(outbox, 10, size=200)
        send_all(outbox)
    asyncio.run(disk.spool._settle(all_of_it=False))
    disk.crash()
    disk.run("b")

    assert "first" == disk.spool.past.recording


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
