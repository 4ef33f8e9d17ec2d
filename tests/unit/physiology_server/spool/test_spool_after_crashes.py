"""What a crash, a stop or a power cut left in the spool, and what the next run makes of it."""

import asyncio
import os

import pytest

from services.physiology_server.spool import previous_run as past
from tests.support.spooling import numbers, of, put, put_many, recording, send_all


def test_what_a_crash_left_is_sent_by_the_next_run_under_its_own_numbers(disk):
    """
    The old run's id and numbers come first, then the new run's.
    """
    put(disk.run("a"), "1", "2")
    disk.crash()
    after = disk.run("b")
    put(after, "3")

    assert [*of("a", 1, 2), *of("b", 1)] == numbers(send_all(after))


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
    monkeypatch.setattr(past, "this_boot", lambda: "another boot")

    disk.run("b")

    assert "a:2" == disk.spool.past.follows


def test_after_a_power_cut_nothing_is_said_of_the_run_before(disk, monkeypatch):
    """
    The last second may not have reached the disk.
    """
    put(disk.run("a"), "1", "2")
    disk.crash()
    monkeypatch.setattr(past, "this_boot", lambda: "another boot")
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


def test_what_was_lost_is_not_lost_again_after_a_crash(disk):
    """
    The next run counts its own losses only.
    """
    put_many(disk.run("a", max_bytes=64 * 1_024, in_memory=10), 1_000, size=200)
    disk.crash()
    after = disk.run("b", max_bytes=64 * 1_024)
    sent = send_all(after)

    assert (1_000, 0) == (sent[-1].seq, after.lost)


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


def test_what_is_done_after_the_end_harms_nothing(disk):
    """
    A batch may be answered while the server ends.
    """
    before = disk.run("a")
    put(before, "1", "2")
    before.take(2)
    disk.crash()
    before.done()
    put(before, "3")
    after = disk.run("b")

    assert ("a:2", of("a", 1, 2)) == (disk.spool.past.follows, numbers(send_all(after)))


def test_half_a_new_file_is_removed(disk):
    """
    A crash may leave one.
    """
    disk.run("a")
    disk.crash()
    half = disk.folder / "00000000000000000009.part"
    half.write_text("half")
    disk.run("b")

    assert not half.exists()


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
    asyncio.run(disk.spool.settle())
    disk.crash()
    disk.run("b")

    assert "first" == disk.spool.past.recording
