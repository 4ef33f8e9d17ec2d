"""Every recording has a name of its own, also one that the server gives none."""

import pytest

from tests.unit.collector.making import Rig
from tests.unit.ipc.making import START_US, edge, recording

SECOND = START_US // 1_000_000 * 1_000_000


def unnamed(at_us):
    """A recording of two lines between a start and a stop that say no name."""
    return [recording(True, at_us), edge(at_us + 1), recording(False, at_us + 2)]


def sessions(rig):
    """Lines of each session's file, by what its name ends in."""
    files = sorted(rig.folder.glob("metrics_*.jsonl"))
    return {path.stem.removeprefix("metrics_"): path.read_bytes().splitlines() for path in files}


def test_unnamed_recordings_of_one_second_have_a_name_each(tmp_path):
    """
    They do not become one file.
    """
    rig = Rig(tmp_path)
    first, second, third = unnamed(SECOND), unnamed(SECOND + 10), unnamed(SECOND + 20)
    rig.recorder.take(rig.arrivals(*first, *second, *third))

    assert [first, second, third] == list(sessions(rig).values())


def test_unnamed_recordings_with_the_same_stamps_have_a_name_each(tmp_path):
    """
    A server whose stamps are whole seconds begins two recordings with the same bytes.
    """
    rig = Rig(tmp_path)
    rig.recorder.take(rig.arrivals(*unnamed(SECOND), *unnamed(SECOND)))

    assert [unnamed(SECOND), unnamed(SECOND)] == list(sessions(rig).values())


@pytest.mark.parametrize("crash_after", range(1, 9))
def test_an_unnamed_recording_keeps_its_name_through_a_crash(tmp_path, crash_after):
    """
    It is made from the envelope, and what is in a file is recognised.
    """
    rig = Rig(tmp_path)
    first, second, third = unnamed(SECOND), unnamed(SECOND + 10), unnamed(SECOND + 20)
    arrivals = rig.arrivals(*first, *second, *third)
    rig.recorder.take(arrivals[:crash_after])
    rig.restart()
    rig.recorder.take(rig.behind_position(arrivals))

    assert [first, second, third] == list(sessions(rig).values())


def test_an_unnamed_recording_that_is_said_again_goes_on(tmp_path):
    """
    A server may repeat its state for those who come late.
    """
    rig = Rig(tmp_path)
    sent = [recording(True, SECOND), recording(True, SECOND + 5_000_000), *unnamed(SECOND)[1:]]
    rig.recorder.take(rig.arrivals(*sent))

    assert [sent] == list(sessions(rig).values())


def test_an_unnamed_recording_that_the_disk_refused_has_one_name(tmp_path):
    """
    A file that was made for it and could not be written is its own.
    """
    rig = Rig(tmp_path)
    sent = unnamed(SECOND)
    arrivals = rig.arrivals(*sent)
    rig.folder.joinpath("metrics_20251006_194123.jsonl").touch()
    rig.disk.read_only = True
    rig.recorder.take(arrivals)
    rig.disk.read_only = False
    rig.later()
    rig.recorder.take(arrivals)

    assert {"20251006_194123": [], "20251006_194123_2": sent} == sessions(rig)


@pytest.mark.parametrize("stamp", [5 * 10**20, -(10**20), 10**21, -(10**12), 0])
def test_a_start_with_an_odd_stamp_is_recorded_like_any_other(tmp_path, stamp):
    """
    What is not a possible date is unknown; it ends neither the collector nor its restart.
    """
    rig = Rig(tmp_path)
    sent = [recording(True, stamp), edge(START_US), recording(False, stamp)]
    arrivals = rig.arrivals(*sent)
    rig.recorder.take(arrivals[:2])
    rig.restart()
    rig.recorder.take(rig.behind_position(arrivals))

    assert [sent] == list(sessions(rig).values())
