"""One camera's files, with a disk that fails and restarts at bad moments."""

import errno
import os

import pytest

from services.collector.replay_filter import ReplayFilter
from tests.unit.collector.making import START, STOP, Rig
from tests.unit.ipc.making import START_US, edge


def test_a_disk_that_turns_read_only_in_mid_recording_costs_nothing(tmp_path):
    """
    What it refuses is to be given again, and goes where it belongs.
    """
    rig = Rig(tmp_path)
    sent = [START, *(edge(START_US + number) for number in range(6)), STOP]
    all_of_them = rig.arrivals(*sent)
    taken = rig.recorder.take(all_of_them[:4])
    rig.disk.read_only = True
    refused = [rig.recorder.take(all_of_them[4:]), rig.recorder.take(all_of_them[4:])]
    trouble = rig.recorder.trouble
    rig.later()
    rig.disk.read_only = False
    rig.later()
    rest = rig.recorder.take(all_of_them[4:])

    assert (4, [0, 0], 4) == (taken, refused, rest)
    assert "[Errno 30] Read-only file system" == trouble
    assert rig.recorder.trouble is None
    assert (sent, "complete", 0) == (
        rig.lines,
        rig.manifest["verdict"],
        rig.manifest["unwritten_envelopes"],
    )


def test_what_was_only_published_is_counted_instead(tmp_path):
    """
    Nobody can give it again.
    """
    rig = Rig(tmp_path, stream=False)
    rig.recorder.take(rig.arrivals(START, edge(START_US)))
    rig.disk.read_only = True
    taken = rig.recorder.take(rig.arrivals(edge(START_US + 1), edge(START_US + 2)))
    rig.disk.read_only = False
    rig.later()
    rig.recorder.take(rig.arrivals(edge(START_US + 3), STOP))

    assert 2 == taken
    assert [START, edge(START_US), edge(START_US + 3), STOP] == rig.lines
    assert 2 == rig.manifest["unwritten_envelopes"]


def test_a_session_that_began_and_ended_while_nothing_could_be_written_is_whole(tmp_path):
    """
    Its start is refused, so nothing behind it is taken before it.
    """
    rig = Rig(tmp_path)
    sent = rig.arrivals(START, edge(START_US), STOP)
    rig.disk.read_only = True
    taken = [rig.recorder.take(sent) for _ in range(3)]
    rig.disk.read_only = False
    rig.later()

    assert [0, 0, 0] == taken
    assert 3 == rig.recorder.take(sent)
    assert ([START, edge(START_US), STOP], "complete") == (rig.lines, rig.manifest["verdict"])


def test_what_redis_has_lost_after_it_was_written_is_not_missing(tmp_path):
    """
    Killed, it may forget what it gave a collector that was then killed too.
    """
    rig = Rig(tmp_path)
    sent = [START, *(edge(START_US + number) for number in range(8)), STOP]
    rig.recorder.take(rig.arrivals(*sent[:4]))
    rig.later()
    rig.positions.save()
    rig.recorder.take(rig.arrivals(*sent[4:8], first=5))
    rig.restart()
    rig.recorder.take(rig.arrivals(sent[4], first=5))
    # 6 to 8 are lost in Redis and in the file; 9 never came.
    rig.recorder.take(rig.arrivals(STOP, first=10, missing=4))
    rig.later()

    assert [*sent[:8], STOP] == rig.lines
    assert 1 == rig.manifest["gaps"]["missing_envelopes"]


def test_a_gap_before_what_the_disk_refuses_is_counted_once(tmp_path):
    """
    However often the envelope behind it is given again.
    """
    rig = Rig(tmp_path)
    rig.recorder.take(rig.arrivals(START))
    rig.disk.read_only = True
    behind = rig.arrivals(edge(START_US), first=9, missing=7, gap="a relay was away")
    for _ in range(3):
        rig.recorder.take(behind)
    rig.disk.read_only = False
    rig.later()
    again = rig.arrivals(edge(START_US), STOP, first=9)
    rig.recorder.take(again)

    assert (
        "not complete: envelopes missing in 1 gaps (a relay was away): an unknown number; "
        "envelopes missing in 1 gaps (numbers skipped in the stream): 7"
    ) == rig.manifest["verdict"]


@pytest.mark.parametrize("batch", [1, 2, 5, 100])
def test_crashes_while_it_catches_up_leave_each_envelope_once(tmp_path, batch):
    """
    The position does not move before the stream has come to where the file ends.
    """
    rig = Rig(tmp_path)
    sent = [START, *(edge(START_US + number) for number in range(20))]
    arrivals = rig.arrivals(*sent)
    rig.recorder.take(arrivals)
    for caught_up in (3, 8, 15):
        rig.restart()
        again = rig.behind_position(arrivals)[:caught_up]
        for at in range(0, len(again), batch):
            rig.recorder.take(again[at : at + batch])
            rig.recorder.tick()
            rig.positions.save()
    rig.restart()
    rig.recorder.take([*rig.behind_position(arrivals), *rig.arrivals(STOP, first=99)])

    assert [*sent, STOP] == rig.lines


def test_rubbish_in_the_stream_does_not_confuse_what_was_written(tmp_path):
    """
    It is not a line of the file, so what follows it is still recognised.
    """
    rig = Rig(tmp_path)
    arrivals = rig.arrivals(START, edge(START_US), b"{", edge(START_US + 1))
    rig.recorder.take(arrivals)
    rig.restart()
    rig.recorder.take(arrivals)
    rig.recorder.take(rig.arrivals(STOP, first=5))

    assert [START, edge(START_US), edge(START_US + 1), STOP] == rig.lines
    assert {"not_json": 1} == rig.manifest["rejected"]


def test_losses_are_known_as_of_the_position(tmp_path):
    """
    After a crash the same gap is not counted twice, nor forgotten.
    """
    for folder, when in ((tmp_path / "before", 1), (tmp_path / "after", 2)):
        rig = Rig(folder)
        parts = [
            rig.arrivals(START, edge(START_US)),
            rig.arrivals(edge(START_US + 1), first=8, missing=5),
            rig.arrivals(edge(START_US + 2), first=9),
        ]
        for number, part in enumerate(parts):
            rig.recorder.take(part)
            rig.recorder.tick()
            if number < when:
                rig.positions.save()
            rig.recorder.collector.write_snapshot_temp()
        rig.restart()
        for part in parts[when:]:
            rig.recorder.take(part)
        rig.recorder.take(rig.arrivals(STOP, first=10))

        assert (5, 5) == (rig.manifest["gaps"]["missing_envelopes"], len(rig.lines))


def test_a_file_that_cannot_be_read_at_a_restart_is_gone_on_with_when_it_can(tmp_path, monkeypatch):
    """
    Until then nothing is taken: what the file holds already would be written twice.
    """
    rig = Rig(tmp_path)
    arrivals = rig.arrivals(START, edge(START_US), edge(START_US + 1), STOP)
    rig.recorder.take(arrivals[:3])

    def refuse(*_, **_more):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(ReplayFilter, "read", refuse)
        rig.restart()
        refused, trouble = rig.recorder.take(arrivals), rig.recorder.trouble
    taken = rig.recorder.take(arrivals)

    assert (0, "[Errno 5] Input/output error", 4) == (refused, trouble, taken)
    assert [START, edge(START_US), edge(START_US + 1), STOP] == rig.lines
