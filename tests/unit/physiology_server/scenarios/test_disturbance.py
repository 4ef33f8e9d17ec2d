"""What stands between the pipeline and the outbox."""

import json
import math

import orjson
import pytest

from services.physiology_server.envelopes import Outgoing, envelope
from services.physiology_server.scenarios.disturbance import ScenarioDisturbance
from services.physiology_server.scenarios.malformed_events import KINDS
from services.physiology_server.scenarios.scenario_file import scenario_of
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope

START_US = 1_760_000_000_000_000


def a_disturb(*events, seed=1, **keys):
    return ScenarioDisturbance(
        scenario_of({"name": "x", "timeline": list(events)} | keys, "x.yml"), seed
    )


def an_envelope(time_s, kind="edge_metrics", **payload):
    stamp_us = START_US + round(time_s * 1e6)
    sample = {"time": time_s, "value": 0.5, "stable": True, "timestamp": str(stamp_us)}
    return envelope(kind, stamp_us, {"breathing": {"upper_trace": [sample]}} | payload)


def through(disturb, count=100, kinds=("edge_metrics",), every_s=0.1):
    return [
        outgoing
        for n in range(count)
        for outgoing in disturb(n * every_s, [an_envelope(n * every_s, kind) for kind in kinds])
    ]


def stamps(outgoings):
    return [json.loads(outgoing.envelope)["timestamp"] - START_US for outgoing in outgoings]


def test_without_events_nothing_changes():
    """
    Byte for byte.
    """
    assert [an_envelope(n * 0.1) for n in range(100)] == through(a_disturb())


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        ({"do": "malformed", "share": 1.0, "kinds": ["empty"]}, lambda sent: b"" in sent),
        ({"do": "duplicates", "share": 1.0}, lambda sent: 2 * len(set(sent)) == len(sent)),
        ({"do": "late", "share": 1.0, "by_s": 30}, lambda sent: not sent),
        ({"do": "slow_core", "by_s": 30}, lambda sent: not sent),
    ],
    ids=lambda value: value["do"] if isinstance(value, dict) else "",
)
def test_an_event_that_is_added_works_on_what_comes_after(event, changes):
    """
    Nothing that is on its way is lost or damaged by it.
    """
    before, after = (
        scenario_of({"name": "x", "timeline": events}, "x.yml")
        for events in ([], [{"at_s": 0} | event])
    )
    now = [before]
    disturb = ScenarioDisturbance(before, 1, lambda: now[0])
    first = through(disturb, 10, kinds=("core_metrics",))
    now[0] = after
    second = through(disturb, 10, kinds=("core_metrics",))

    assert [an_envelope(n * 0.1, "core_metrics") for n in range(10)] == first
    assert changes([outgoing.envelope for outgoing in second])


def test_what_is_still_held_at_the_end_comes_then():
    """
    A run that ends loses nothing.
    """
    disturb = a_disturb({"at_s": 0, "do": "slow_core", "by_s": 5})
    before = through(disturb, kinds=("core_metrics",))
    after = list(disturb(math.inf, ()))

    assert (50, 50) == (len(before), len(after))
    assert sorted(stamps(before + after)) == stamps(before + after)


def test_a_slow_core_does_not_slow_the_edge():
    """
    Only Core's envelopes wait.
    """
    disturb = a_disturb({"at_s": 0, "do": "slow_core", "by_s": 5})

    assert 100 == len([o for o in through(disturb) if o.channel == "edge_metrics"])


def test_late_in_a_slow_core_is_still_late_behind_others():
    """
    Order is kept by the slow core, and broken by the link after it.
    """
    disturb = a_disturb(
        {"at_s": 0, "do": "slow_core", "by_s": 1},
        {"at_s": 0, "do": "late", "by_s": 0.5, "share": 0.3},
    )
    out = stamps([*through(disturb, kinds=("core_metrics",)), *disturb(math.inf, ())])

    assert 100 == len(out)
    assert sorted(out) != out


@pytest.mark.parametrize("kind", ["status", "recording_state", "frame"])
@pytest.mark.parametrize("do", ["malformed", "duplicates", "late"])
def test_what_frames_a_session_is_never_damaged(kind, do):
    """
    Only metrics are: a scenario that ate the stop of a recording would test something else.
    """
    keys = {"share": 1.0} | ({"by_s": 5} if do == "late" else {})
    outgoing = Outgoing(kind, b'{"type":"x","timestamp":1,"payload":{}}')

    assert [outgoing] == list(a_disturb({"at_s": 0, "do": do} | keys)(1.0, [outgoing]))


def test_chance_does_not_depend_on_other_channels():
    """
    A status that comes between changes nothing for the metrics after it.
    """
    event = {"at_s": 0, "do": "duplicates", "share": 0.3}
    alone = through(a_disturb(event))
    among = through(a_disturb(event), kinds=("status", "edge_metrics"))

    assert alone == [outgoing for outgoing in among if outgoing.channel == "edge_metrics"]


def test_the_share_is_met_over_time():
    """
    Of a thousand envelopes a fifth, give or take.
    """
    twice = through(a_disturb({"at_s": 0, "do": "duplicates", "share": 0.2}), 1000)

    assert pytest.approx(1200, abs=40) == len(twice)


def test_each_way_of_damage_is_a_damage():
    """
    No reader takes the envelope, or its value, as it was.
    """
    for kind in KINDS:
        event = {"at_s": 0, "do": "malformed", "share": 1.0, "kinds": [kind]}
        [damaged] = list(a_disturb(event)(0.0, [an_envelope(0.0)]))
        try:
            parsed = Envelope.parse(damaged.envelope)
        except BadEnvelope:
            continue
        value = parsed.payload["breathing"]["upper_trace"][0]["value"]
        assert parsed.type != "edge_metrics" or value == "much" or math.isnan(value)


def test_a_clock_moves_stamps_of_envelope_and_samples_together():
    """
    A sample taken before the jump keeps its stamp, though its envelope comes after it.
    """
    disturb = a_disturb({"at_s": 1, "for_s": 1, "do": "clock_reset", "by_s": 100})
    sample = {"value": 1.0, "timestamp": str(START_US + 900_000)}
    [out] = list(disturb(1.1, [an_envelope(1.1, pulse={"trace": [sample]})]))
    document = orjson.loads(out.envelope)

    assert START_US + 101_100_000 == document["timestamp"]
    assert str(START_US + 900_000) == document["payload"]["pulse"]["trace"][0]["timestamp"]
    assert (
        str(START_US + 101_100_000)
        == document["payload"]["breathing"]["upper_trace"][0]["timestamp"]
    )


def test_a_clock_that_jumped_jumps_back():
    """
    At the end of the event it is right again.
    """
    disturb = a_disturb({"at_s": 1, "for_s": 1, "do": "clock_reset", "by_s": -100})
    out = stamps(through(disturb, 30))

    assert out[:10] == [n * 100_000 for n in range(10)]
    assert out[10:20] == [n * 100_000 - 100_000_000 for n in range(10, 20)]
    assert out[20:] == [n * 100_000 for n in range(20, 30)]


def test_a_loop_repeats_the_timeline():
    """
    The same windows in each turn.
    """
    disturb = a_disturb(
        {"at_s": 1, "for_s": 1, "do": "clock_reset", "by_s": 100}, duration_s=4, loop=True
    )
    moved = [n for n, stamp in enumerate(stamps(through(disturb, 80))) if stamp > 50_000_000]

    assert [*range(10, 20), *range(50, 60)] == moved


def test_a_run_that_ends_sends_what_was_held_back(play):
    """
    Core that is slow to the end still sends all of its envelopes, before the last status.
    """
    event = {"at_s": 0, "do": "slow_core", "by_s": 60}
    run = play(scenario_of({"name": "x", "duration_s": 2, "timeline": [event]}, "x.yml"))

    assert 10 == len(run.of("core_metrics"))
    assert "PROCESSING_NOT_STARTED" == run.statuses()[-1]
    assert "status" == run.outgoings[-1].channel
