"""A session whose file takes no more, through crashes at any moment."""

import pytest

from tests.unit.collector.making import START, STOP, Rig
from tests.unit.ipc.making import START_US, document, edge, lines, recording
from tests.unit.ipc.test_parts import LimitedDisk

SENT = [START, *(edge(START_US + number) for number in range(40)), STOP]


class RigWithLimit(Rig):
    """A rig on a disk where no JSONL may be longer than so much."""

    def start(self) -> None:
        self.disk = LimitedDisk(1_500)
        super().start()

    def all_lines(self, name="x"):
        paths = [self.folder / f"metrics_{name}.jsonl"]
        paths += [self.folder / f"metrics_{name}_part{number}.jsonl" for number in range(2, 50)]
        return [line for path in paths if path.exists() for line in lines(path)]

    def manifests(self):
        return [document(path) for path in sorted(self.folder.glob("*_manifest.json"))]


@pytest.mark.parametrize("crash_every", range(1, 12))
@pytest.mark.parametrize("saved", [True, False])
def test_crashes_leave_each_envelope_once_in_one_of_the_parts(tmp_path, crash_every, saved):
    """
    Wherever a crash comes, before or behind the change of file.
    """
    rig = RigWithLimit(tmp_path)
    arrivals = rig.arrivals(*SENT)
    at = 0
    while at < len(arrivals):
        rig.recorder.take(arrivals[at : at + crash_every])
        at += crash_every
        rig.recorder.tick()
        if saved:
            rig.positions.save()
        if at < len(arrivals):
            rig.restart()
            behind = rig.behind_position(arrivals)
            rig.recorder.take([each for each in behind if each.seq <= at])
    rig.recorder.take(rig.behind_position(arrivals))

    assert SENT == rig.all_lines()
    assert {"complete"} == {each["verdict"] for each in rig.manifests()}


def test_a_start_that_is_said_again_does_not_end_what_is_in_a_later_part(tmp_path):
    """
    Nor does the state that Redis recalls to who comes late.
    """
    rig = RigWithLimit(tmp_path)
    again = recording(True, START_US + 50, session_id="x")
    rig.recorder.take(rig.arrivals(*SENT[:-1]))
    rig.recorder.take(rig.arrivals(again, first=50))
    rig.recorder.take(rig.arrivals(START, first=50, is_replayed_state=True))
    rig.recorder.take(rig.arrivals(STOP, first=51))

    assert [*SENT[:-1], again, STOP] == rig.all_lines()
    assert {"complete"} == {each["verdict"] for each in rig.manifests()}


def test_the_next_session_is_free(tmp_path):
    """
    What one session's file refuses holds up nothing behind it in the stream.
    """
    rig = RigWithLimit(tmp_path)
    other = [recording(True, session_id="y"), *SENT[1:5], STOP]
    taken = rig.recorder.take(rig.arrivals(*SENT, *other))

    assert len(SENT) + len(other) == taken
    assert (SENT, other) == (rig.all_lines(), rig.all_lines("y"))
    assert rig.recorder.trouble is None
