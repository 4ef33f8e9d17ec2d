"""The collector with a real Redis and real files: each envelope exactly once, come what may."""

from pathlib import Path

import pytest

from services.collector.relay import RelaySettings
from services.collector.relay import build as build_relay
from tests.support.collecting import finished, heard_by, lines, manifest, ready, summary, view
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.reports import service_report
from tests.support.running import a_watchdog, load, running
from vitalrig import redis_keys

ROOT = Path(__file__).parents[3]


def recorded(sessions, publishing, *, count=None):
    wanted = publishing.published if count is None else publishing.published[:count]
    return eventually(lambda: lines(sessions) == wanted)


def test_a_session_holds_what_was_published_between_start_and_stop(
    make, client, sessions, publishing
):
    """
    Start and stop stand in the file too; what came before or after does not.
    """
    with running(make()):
        ready(client)
        publishing.edge(3)
        publishing.start()
        publishing.edge(40)
        publishing.stop()
        wanted = publishing.published[3:]
        publishing.edge(3)
        eventually(lambda: summary(sessions))

    assert wanted == lines(sessions)


def test_the_summary_holds_every_sample(make, client, sessions, publishing):
    """
    What was recorded can be used at once.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(40)
        publishing.stop()
        done = eventually(lambda: summary(sessions))

    series = done["series"]["physiology:edge_metrics"]["breathing.upper_trace"]

    assert (40, 40) == (len(series["timestamps"]), len(series["values"]))


def test_a_recording_that_runs_already_is_taken_from_its_start(make, sessions, publishing):
    """
    A collector that is started late misses nothing that the stream still holds.
    """
    publishing.edge(5)
    publishing.start()
    publishing.edge(20)
    publishing.published = publishing.published[5:]

    with running(make()):
        assert recorded(sessions, publishing)


def test_a_recording_that_has_ended_is_not_taken_again(make, client, sessions, publishing):
    """
    A first start does not dig up old sessions.
    """
    publishing.start()
    publishing.edge(5)
    publishing.stop()

    with running(make()):
        ready(client)

    assert [] == list(sessions.glob("*.jsonl"))


def test_a_clean_restart_goes_on_in_the_same_session(make, client, sessions, publishing):
    """
    An update of the software costs no envelope.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        recorded(sessions, publishing)
    publishing.edge(20)
    with running(make()):
        publishing.edge(20)
        publishing.stop()
        recorded(sessions, publishing)

    series = summary(sessions)["series"]["physiology:edge_metrics"]["breathing.upper_trace"]

    assert (publishing.published, 60) == (lines(sessions), len(series["values"]))


def test_a_redis_that_was_restarted_costs_no_envelope_and_is_counted(
    make, redis_server, client, sessions, publishing
):
    """
    The absence is on the page, the session is whole.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(20)
        redis_server.stop()
        redis_server.start()
        publishing.edge(20)
        assert recorded(sessions, publishing)

        def disconnects():
            report = service_report(client, "collector")
            return report.get("counters", {}).get("backend_disconnects", 0)

        assert eventually(disconnects) >= 1


def test_envelopes_that_never_came_are_counted_as_missing(make, client, sessions, publishing):
    """
    A hole in the numbers is a proven loss, and is told as such.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(5)
        publishing.lose(7)
        publishing.edge(5)

        assert 7 == eventually(lambda: view(client)["counters"]["missing"])


def test_an_envelope_that_was_sent_twice_is_kept_once(make, client, sessions, publishing):
    """
    A server that does not know whether its batch arrived sends it again.
    """
    with running(make()):
        ready(client)
        publishing.start()
        publishing.edge(5)
        publishing.repeat_last()
        publishing.edge(5)
        assert recorded(sessions, publishing)

        assert 1 == eventually(lambda: view(client)["counters"]["duplicates"])


def test_one_process_records_several_cameras(make, client, sessions):
    """
    Each camera has its own files; the default one has them in the folder itself.
    """
    left, right = Publishing(client), Publishing(client, "ward:2")
    with running(make(prefixes="physiology,ward:2")):
        ready(client, "ward:2")
        for publishing in (left, right):
            publishing.start("same")
        for _ in range(10):
            left.edge()
            right.edge(2)
        eventually(lambda: len(lines(sessions, "same")) == 11)
        eventually(lambda: len(lines(sessions / "ward:2", "same")) == 21)

    assert (left.published, right.published) == (
        lines(sessions, "same"),
        lines(sessions / "ward:2", "same"),
    )


@pytest.mark.parametrize("transport", ["pubsub", "auto"])
def test_a_server_that_only_publishes_is_recorded_too(make, client, sessions, transport):
    """
    The vendor's server knows no stream.
    """
    publishing = Publishing(client, stream=False)
    with running(make(transport=transport)):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(20)
        publishing.stop()
        eventually(lambda: summary(sessions))

    assert publishing.published == lines(sessions)


def test_with_a_relay_a_restart_of_the_collector_loses_nothing_of_such_a_server(
    make, redis_server, client, sessions, tmp_path
):
    """
    The relay hears what the collector misses.
    """
    publishing = Publishing(client, stream=False)
    relay = build_relay(load(RelaySettings, redis_server), a_watchdog(tmp_path, "relay"))
    with running(relay):
        heard_by(client, 1)
        with running(make()):
            publishing.start()
            publishing.edge(20)
            recorded(sessions, publishing)
        publishing.edge(20)
        with running(make()):
            publishing.edge(20)
            publishing.stop()
            recorded(sessions, publishing)

    assert (publishing.published, True) == (lines(sessions), manifest(sessions)["complete"])


def test_a_relay_adds_only_what_it_has_heard(redis_server, client, tmp_path):
    """
    The last recording state, which Redis keeps, is not an envelope of this stream.
    """
    client.set(
        redis_keys.last_recording_state("physiology"), b'{"type":"recording_state","payload":1}'
    )
    publishing = Publishing(client, stream=False)
    relay = build_relay(load(RelaySettings, redis_server), a_watchdog(tmp_path, "relay"))
    with running(relay):
        heard_by(client, 1)
        publishing.edge(3)
        eventually(lambda: client.xlen(redis_keys.envelopes_stream("physiology")) >= 3)

    entries = client.xrange(redis_keys.envelopes_stream("physiology"))
    assert publishing.published == [fields[b"envelope"] for _, fields in entries]


def test_what_a_relay_may_have_missed_is_in_the_manifest(
    make, redis_server, client, sessions, tmp_path
):
    """
    Nobody can say how much was published while Redis was away, only that it may have been.
    """
    publishing = Publishing(client, stream=False)
    relay = build_relay(load(RelaySettings, redis_server), a_watchdog(tmp_path, "relay"))
    with running(relay), running(make(transport="stream")):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(5)
        recorded(sessions, publishing)
        redis_server.stop()
        redis_server.start()
        heard_by(client, 1)
        publishing.edge(5)
        publishing.stop()
        eventually(lambda: summary(sessions))

    assert "not subscribed for a while" in manifest(sessions)["verdict"]


def test_a_server_whose_stream_appears_later_is_read_from_the_stream(
    make, client, sessions, publishing
):
    """
    What was heard meanwhile is not recorded twice.
    """
    with running(make(transport="auto")):
        heard_by(client, 1)
        publishing.start()
        publishing.edge(20)
        publishing.stop()
        eventually(lambda: summary(sessions))

    assert publishing.published == lines(sessions)


def test_rubbish_on_a_channel_costs_one_message(make, client, sessions, publishing):
    """
    One publisher's mistake does not end the recording of the others.
    """
    with running(make()):
        ready(client)
        publishing.start()
        client.xadd("physiology:envelopes", {"channel": "edge_metrics", "envelope": b"\xff{"})
        client.xadd("physiology:envelopes", {"other": "fields"})
        publishing.edge(5)

        assert eventually(lambda: publishing.published[-1] in lines(sessions))


def test_a_start_with_an_odd_stamp_costs_no_camera_anything(make, client, sessions):
    """
    A message that is not a possible date ends neither this collector nor the next.
    """
    odd, other = Publishing(client, "ward"), Publishing(client, "other")
    with running(make(prefixes="ward,other")):
        ready(client, "other")
        other.start()
        odd.start_unnamed(5 * 10**20)
        odd.edge(5)
        other.edge(5)
        eventually(lambda: len(lines(sessions / "other")) == 6)
    with running(make(prefixes="ward,other")):
        odd.edge(5)
        other.edge(5)
        eventually(lambda: len(lines(sessions / "other")) == 11)
        eventually(lambda: len(lines(sessions / "ward", "undated")) == 11)

    assert (odd.published, other.published) == (
        lines(sessions / "ward", "undated"),
        lines(sessions / "other"),
    )


@pytest.mark.parametrize("channel", ["recording_state", "status", "edge_metrics"])
@pytest.mark.parametrize("transport", ["stream", "pubsub"])
def test_a_message_that_is_nested_beyond_reason_ends_no_recording(
    make, client, sessions, publishing, channel, transport
):
    """
    It is counted and passed over; its camera and the others are recorded on.
    """
    deep = b'{"a":' * 990 + b"1" + b"}" * 990
    with running(make(transport=transport, prefixes="physiology,ward")):
        ready(client, "physiology")
        ready(client, "ward")
        neighbour = Publishing(client, "ward")
        for each in (publishing, neighbour):
            each.start()
        publishing.send_raw(channel, b'{"type":"%b","payload":%b}' % (channel.encode(), deep))
        for each in (publishing, neighbour):
            each.edge(20)
            each.stop()
        finished(sessions)
        finished(sessions / "ward")

    assert publishing.published == lines(sessions)
    assert neighbour.published == lines(sessions / "ward")
