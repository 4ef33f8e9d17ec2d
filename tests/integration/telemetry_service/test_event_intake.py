"""What the rig says, on its way from Redis into the log, each event once."""

import json

from services.telemetry.intake_position import FILE_NAME
from tests.support.collecting import finished
from tests.support.dice import a_dice
from tests.support.eventually import eventually
from tests.support.kept_events import files_of, kept, types_of
from tests.support.rounds import rounds
from vitalrig import redis_keys

TOLD = ("recording.started", "recording.stopped", "session.closed")


def keys_of(events):
    return [event["key"][0] for event in events if event.get("key")]


def position(site):
    path = site / FILE_NAME
    return json.loads(path.read_text())["entry_id"] if path.exists() else ""


def at_end(client, site):
    last = client.xrevrange(redis_keys.EVENTS, count=1)[0][0].decode()
    eventually(lambda: position(site) == last)


def test_events_are_kept_in_order_and_once(start, say, site):
    """
    Also those that were said twice because an answer of Redis was lost.
    """
    start()
    said = say("mark", "mark")
    say("mark", key=said[0])
    said += say("mark")
    eventually(lambda: 3 == len(kept(site, "mark")))

    assert said == keys_of(kept(site, "mark"))


def test_what_was_said_before_it_was_there_is_kept(start, say, site):
    """
    It reads the stream from its beginning.
    """
    said = say("mark", "mark")
    start()

    eventually(lambda: said == keys_of(kept(site, "mark")))


def test_a_recording_is_a_run_of_its_own(start, say, site):
    """
    Of its name, with all that is said of its camera meanwhile, until its files are closed.
    """
    start()
    say("mark")
    say("recording.started", run="first")
    say("status.changed")
    say("status.changed", camera="other")
    say("recording.stopped", "session.closed", run="first")
    say("mark")
    eventually(lambda: 2 == len(kept(site, "mark")))
    (folder,) = {path.parent for path in site.rglob("*.ndjson") if path.parent != site}

    of_run = [
        json.loads(line)
        for path in folder.glob("*.ndjson")
        for line in path.read_text().splitlines()
    ]
    assert "first" == folder.name
    assert ["recording.started", "status.changed", "recording.stopped", "session.closed"] == (
        types_of(of_run)
    )
    assert all("/" not in file for file in files_of(site, "mark"))


def test_a_recording_that_goes_on_in_another_part_is_still_the_same_run(start, say, site):
    """
    Its file took no more; the run ends with the last one.
    """
    start()
    say("recording.started", run="first")
    say("session.closed", run="first", part=1, goes_on=True)
    say("status.changed")
    say("session.closed", run="first", part=2, goes_on=False)
    say("mark")
    eventually(lambda: kept(site, "mark"))

    assert {"first"} == {path.split("/")[-2] for path in files_of(site, "status.changed")}
    assert all("/" not in file for file in files_of(site, "mark"))


def test_two_cameras_may_call_their_recordings_alike(start, say, site):
    """
    The end of one is not the end of the other.
    """
    start()
    say("recording.started", run="same", camera="one")
    say("recording.started", run="same", camera="two")
    say("session.closed", run="same", camera="one")
    say("status.changed", run="same", camera="two")
    say("session.closed", run="same", camera="two")
    say("mark", camera="two")
    eventually(lambda: kept(site, "mark"))

    assert {"same"} == {path.split("/")[-2] for path in files_of(site, "status.changed")}
    assert all("/" not in file for file in files_of(site, "mark"))


def test_what_makes_no_sense_is_counted_and_holds_nothing_up(start, say, client, site):
    """
    Whoever can write to Redis can write anything there.
    """
    process = start()
    for junk in (b"", b"{", b"[]", b'{"type": 5}', b'{"type": "x", "data": 1, "ts": "now"}'):
        client.xadd(redis_keys.EVENTS, {"event": junk})
    client.xadd(redis_keys.EVENTS, {"other": "field"})
    say("mark")
    eventually(lambda: kept(site, "mark"))

    assert "an event is not kept" in process.log_text()
    eventually(
        lambda: (
            'vitalrig_events_refused_total{camera="",service="telemetry"} 6'
            in process.get("/metrics")
        )
    )


def test_each_event_is_kept_once_whatever_moment_it_is_killed_at(start, say, site, client):
    """
    Half of them in a run; the run has all of its own, and is there once.
    """
    dice = a_dice()
    said = []
    process = start()
    for number in range(rounds(6, 40)):
        run = f"run{number}"
        said += say("recording.started", run=run)
        said += say(*["status.changed"] * dice.randrange(1, 40))
        if dice.random() < 0.5:
            eventually(process.answers)
        process.kill()
        said += say("status.changed")
        process = start()
        said += say("session.closed", run=run)
        said += say("mark")
    at_end(client, site)

    assert said == [key for key in keys_of(kept(site)) if key.startswith("key")]
    runs = [json.loads(line) for line in (site / "runs.jsonl").read_text().splitlines()]
    names = [run.get("run_id") for run in runs]
    assert all(names.count(f"run{number}") <= 2 for number in range(rounds(6, 40)))


def test_while_it_hangs_a_recording_is_complete_and_then_told_once(
    start, collecting, publishing, sessions, site, client
):
    """
    Stopped with SIGSTOP in the middle, then killed: nobody waits for it, and nothing is lost.
    """
    process = start()
    with collecting():
        publishing.start()
        publishing.edge(10)
        eventually(lambda: kept(site, "recording.started"))
        process.freeze()
        publishing.edge(300)
        publishing.stop()
        manifest = finished(sessions)
        process.kill()
        start()
        eventually(lambda: kept(site, "session.closed"))

    assert manifest["complete"]
    assert 312 == manifest["envelopes"]["total"]
    assert list(TOLD) == types_of(kept(site, *TOLD))
    assert {"first"} == {path.split("/")[-2] for path in files_of(site, *TOLD)}
    (closed,) = kept(site, "session.closed")
    assert manifest["verdict"] == closed["data"]["verdict"]


def test_a_redis_that_goes_away_is_told_with_its_return(start, say, redis_server, site):
    """
    In the log, which needs no Redis for it; what is said afterwards is kept.
    """
    start()
    say("mark")
    eventually(lambda: kept(site, "mark"))
    redis_server.stop()
    (lost,) = eventually(lambda: kept(site, "redis.lost"))
    redis_server.start()
    (back,) = eventually(lambda: kept(site, "redis.back"))
    say("mark")
    eventually(lambda: 2 == len(kept(site, "mark")))

    assert "Redis is away" in lost["data"]["why"]
    assert back["data"]["away_s"] >= 1


def test_another_stream_is_read_from_its_beginning(start, say, client, site):
    """
    Redis lost its data, or is another one, and its clock is behind.
    """
    start()
    say("mark")
    at_end(client, site)
    client.delete(redis_keys.EVENTS)
    event = {"type": "mark", "data": {}, "key": "old clock"}
    client.xadd(redis_keys.EVENTS, {"event": json.dumps(event)}, id="5-1")

    eventually(lambda: "old clock" in keys_of(kept(site, "mark")))


def test_events_that_left_redis_unread_are_counted(start, say, client, site):
    """
    It was away for longer than Redis keeps them.
    """
    process = start()
    say("mark")
    at_end(client, site)
    process.stop()
    say(*["mark"] * 50)
    client.xtrim(redis_keys.EVENTS, maxlen=10, approximate=False)
    process = start()
    at_end(client, site)

    assert 11 == len(kept(site, "mark"))
    eventually(
        lambda: (
            'vitalrig_events_missed_total{camera="",service="telemetry"} 40'
            in process.get("/metrics")
        )
    )


def test_a_position_that_makes_no_sense_costs_nothing(start, say, site):
    """
    The stream is read again, and keys tell what is known.
    """
    process = start()
    said = say("mark", "mark")
    eventually(lambda: 2 == len(kept(site, "mark")))
    process.stop()
    (site / FILE_NAME).write_text("{")
    start()
    said += say("mark")
    eventually(lambda: 3 <= len(kept(site, "mark")))

    assert said == keys_of(kept(site, "mark"))
