"""The collector of many cameras that are behind."""

from itertools import pairwise

from services.collector.recording_loop import RecordingLoop
from tests.support.eventually import eventually
from tests.support.many_cameras import behind, prefixes_of, recorded
from tests.support.running import running


def test_a_backlog_of_many_cameras_is_taken_in_small_turns(make, monkeypatch, client, sessions):
    """
    Whatever waits, the loop turns, so that no watchdog ends it, and what it holds is bounded.
    """
    prefixes = prefixes_of(100)
    published = behind(client, prefixes, 200)
    collector = make(prefixes=",".join(prefixes), transport="stream", fsync="never")
    taken_at_turns = [0]

    def counted_turn(loop):
        received = collector.beats.report()["steps"]["envelopes_received"]["count"]
        taken_at_turns.append(received)

    monkeypatch.setattr(RecordingLoop, "_note_progress", counted_turn)
    with running(collector):
        eventually(lambda: recorded(sessions, prefixes, published), within_s=60)

    counted_turn(None)
    steps = [after - before for before, after in pairwise(taken_at_turns)]
    assert max(steps) <= 1_000
