"""The collector on a disk that is full or read-only."""

from tests.support.collecting import (
    all_in_the_file,
    finished,
    heard_by,
    lines,
    manifest,
    paused,
    ready,
    small_disk,
    view,
)
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.reports import forget
from tests.support.running import running
from vitalrig import redis_keys

STREAM = redis_keys.envelopes_stream("physiology")


def test_a_full_disk_costs_no_envelope_that_the_stream_keeps(
    make, watchdog, client, sessions, publishing, caplog
):
    """
    Recording pauses, says so everywhere, and goes on by itself where it stopped.
    """
    with small_disk(sessions) as disk, running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        disk.fill()
        publishing.edge(100)
        why = eventually(lambda: paused(client))
        told = eventually(lambda: watchdog.health.failing.get("recording", ""))
        publishing.edge(50)
        before = lines(sessions)
        disk.make_room()
        all_in_the_file(sessions, publishing)
        publishing.stop()
        finished(sessions)
        eventually(lambda: not watchdog.health.failing)

        assert "No space left on device" in why
        assert "physiology: [Errno 28] No space left on device" in told
        assert "recording paused: [Errno 28] No space left on device" in caplog.text
        assert "recording resumed; 0 envelopes could not be kept" in caplog.text
        assert publishing.published[: len(before)] == before
        assert (True, 0, 172) == (
            manifest(sessions)["complete"],
            manifest(sessions)["unwritten_envelopes"],
            manifest(sessions)["envelopes"]["total"],
        )
        assert [] == [path for path in sessions.rglob("*") if path.name.endswith(".part")]


def test_while_the_disk_is_full_the_numbers_stay_live(make, client, sessions, publishing):
    """
    Who watches a patient goes on seeing; and what is read twice is counted once.
    """

    def newest():
        return view(client)["series"]["edge_metrics/breathing.upper_trace"]

    with small_disk(sessions) as disk, running(make()):
        ready(client)
        publishing.start()
        disk.fill()
        publishing.edge(150)
        eventually(lambda: paused(client))
        publishing.edge(5)
        live = eventually(lambda: newest()["samples"] == 155 and newest()["timestamp_us"])
        disk.make_room()
        all_in_the_file(sessions, publishing)
        publishing.edge(5)
        eventually(lambda: newest()["timestamp_us"] > live)

        assert (160, {"edge_metrics": 160, "recording_state": 1}) == (
            newest()["samples"],
            view(client)["envelopes"],
        )


def test_what_the_stream_lets_go_while_the_disk_is_full_is_counted(
    make, client, sessions, publishing
):
    """
    published = kept + counted as missing, and the manifest says why.
    """
    with small_disk(sessions) as disk, running(make()):
        ready(client)
        publishing.start()
        disk.fill()
        publishing.edge(200)
        eventually(lambda: paused(client))
        publishing.edge(200)
        kept = len(lines(sessions))
        client.xtrim(STREAM, maxlen=50, approximate=False)
        disk.make_room()
        eventually(lambda: lines(sessions)[-1:] == publishing.published[-1:])
        publishing.stop()
        finished(sessions)

        missing = len(publishing.published) - len(lines(sessions))
        expected = [*publishing.published[:kept], *publishing.published[kept + missing :]]
        assert expected == lines(sessions)
        eventually(lambda: view(client)["counters"]["missing"] == missing)
        assert (missing, 0) == (
            manifest(sessions)["gaps"]["missing_envelopes"],
            manifest(sessions)["unwritten_envelopes"],
        )
        assert "numbers skipped in the stream" in manifest(sessions)["verdict"]


def test_without_a_stream_what_a_full_disk_does_not_take_is_counted(make, client, sessions):
    """
    Nobody can give it again: published = kept + counted as not written.
    """
    publishing = Publishing(client, stream=False)
    with small_disk(sessions) as disk, running(make(transport="pubsub")):
        heard_by(client, 1)
        publishing.start()
        disk.fill()
        publishing.edge(200)
        eventually(lambda: paused(client))
        disk.make_room()
        eventually(lambda: not paused(client))
        publishing.edge(5)
        publishing.stop()
        finished(sessions)

        unwritten = manifest(sessions)["unwritten_envelopes"]
        assert unwritten > 0
        assert len(publishing.published) == len(lines(sessions)) + unwritten


def test_a_recording_that_begins_on_a_full_disk_is_recorded_from_its_start(
    make, client, sessions, publishing
):
    """
    Not even the start is lost, and a stop while it is full ends the session later.
    """
    with small_disk(sessions) as disk, running(make()):
        ready(client)
        disk.fill()
        publishing.start()
        publishing.edge(20)
        publishing.stop()
        eventually(lambda: paused(client))
        disk.make_room()
        finished(sessions)

        assert (publishing.published, "complete") == (
            lines(sessions),
            manifest(sessions)["verdict"],
        )


def test_a_disk_that_is_read_only_for_a_while_costs_nothing(
    start_process, client, sessions, publishing, tmp_path
):
    """
    A collector that comes back to a read-only disk waits there, rather than crash in a loop.
    """
    with small_disk(sessions) as disk:
        process = start_process()
        ready(client)
        publishing.start()
        publishing.edge(20)
        all_in_the_file(sessions, publishing)
        process.kill()  # with files open the system refuses to make the disk read-only
        disk.allow_writing(False)
        forget(client)
        process = start_process()
        publishing.edge(20)
        why = eventually(lambda: paused(client))
        health = (tmp_path / "health").read_text()
        before = (process.exit_status, lines(sessions))
        disk.allow_writing(True)
        publishing.edge(20)
        publishing.stop()
        finished(sessions)
        process.kill()

        assert "Read-only file system" in why
        assert "Read-only file system" in health
        assert (None, publishing.published[:21]) == before
        assert (publishing.published, "complete") == (
            lines(sessions),
            manifest(sessions)["verdict"],
        )
