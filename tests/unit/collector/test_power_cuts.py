"""What a power cut leaves in a file: pages of zeros, and less than there was."""

import os

import pytest

from tests.unit.collector.making import START, STOP, Rig
from tests.unit.ipc.making import START_US, edge

SENT = [START, *(edge(START_US + number) for number in range(60))]


def recorded(folder, *, saved: int = 0):
    """A rig that was recording, *saved* lines of which its position covers; and all arrivals."""
    rig = Rig(folder)
    arrivals = rig.arrivals(*SENT)
    if saved:
        rig.recorder.take(arrivals[:saved])
        rig.recorder.tick()
        rig.positions.save()
    rig.recorder.take(arrivals[saved:])
    return rig, arrivals


def cut_power(rig, start: int, length: int) -> None:
    """The file has its size, and a part of it that never came to the disk."""
    with (rig.folder / "metrics_x.jsonl").open("r+b") as file:
        file.seek(start)
        file.write(bytes(length))


def finish(rig, arrivals) -> None:
    rig.recorder.take(rig.behind_position(arrivals))
    rig.recorder.take(rig.arrivals(STOP, first=99))


@pytest.mark.parametrize("start", range(200, 7_000, 400))
def test_a_page_of_zeros_in_the_middle_costs_and_doubles_no_envelope(tmp_path, start):
    """
    All from there on is set aside and taken from the stream again, in its order.
    """
    rig, arrivals = recorded(tmp_path)
    cut_power(rig, start, 512)
    rig.restart()
    finish(rig, arrivals)

    assert ([*SENT, STOP], "complete") == (rig.lines, rig.manifest["verdict"])


@pytest.mark.parametrize("disk_is_away", [False, True])
def test_a_lost_position_and_a_page_of_zeros_are_survived_together(tmp_path, disk_is_away):
    """
    Also if the file cannot be opened at first.
    """
    rig, arrivals = recorded(tmp_path, saved=20)
    cut_power(rig, 4_096, 1_024)
    rig.disk.read_only = disk_is_away
    rig.restart_with("{}")
    taken = rig.recorder.take(arrivals)
    rig.disk.read_only = False
    rig.later()
    rig.recorder.take([*arrivals[taken:], *rig.arrivals(STOP, first=99)])

    assert [*SENT, STOP] == rig.lines


def test_what_the_disk_had_confirmed_and_lost_is_not_called_complete(tmp_path):
    """
    The stream gives only what is behind the position.
    """
    rig, arrivals = recorded(tmp_path, saved=40)
    cut_power(rig, sum(len(line) + 1 for line in SENT[:30]), 512)
    rig.restart()
    finish(rig, arrivals)

    assert not rig.manifest["complete"]
    assert len(set(rig.lines)) == len(rig.lines)


def test_a_file_that_lost_its_end_is_not_called_complete(tmp_path):
    """
    It is shorter than the position says; what is left may even be whole lines.
    """
    rig, arrivals = recorded(tmp_path, saved=40)
    os.truncate(tmp_path / "metrics_x.jsonl", sum(len(line) + 1 for line in SENT[:30]))
    rig.restart()
    finish(rig, arrivals)

    assert not rig.manifest["complete"]
