"""The states of a camera's signals, from its envelopes alone."""

import json

import pytest

from services.physiology_server.envelopes import envelope
from vitalrig.signals import SIGNALS
from vitalrig.testing.signal_history import SignalHistory, StateChange

START_US = 1_760_000_000_000_000


def a_sample(time_s, value=70.0, stable=True, clock_off_s=0.0):
    stamp_us = START_US + round((time_s + clock_off_s) * 1e6)
    return {"time": time_s, "value": value, "stable": stable, "timestamp": str(stamp_us)}


def a_rate(time_s, part="pulse", **how):
    """A core envelope with one rate."""
    stamp_us = START_US + round(time_s * 1e6)
    return "core_metrics", envelope(
        "core_metrics", stamp_us, {part: {"rate": [a_sample(time_s, **how)]}}
    ).envelope


def a_frame(time_s):
    """An edge envelope of a frame in which a chest is seen."""
    payload = {"breathing": {"upper_trace": [a_sample(time_s, 0.1)]}}
    stamp_us = START_US + round(time_s * 1e6)
    return "edge_metrics", envelope("edge_metrics", stamp_us, payload).envelope


def a_status(value):
    return "status", envelope("status", START_US, {"value": value}).envelope


def history_of(*envelopes, run="a"):
    history = SignalHistory()
    for channel, raw in envelopes:
        history.take(channel, raw, run)
    return history


def of(history, signal):
    return [(change.time_s, change.state) for change in history.changes(signal)]


def frames(until_s, since_s=0):
    return [a_frame(second) for second in range(since_s, until_s + 1)]


def test_every_signal_of_the_catalogue_has_a_state_before_anything_came():
    """
    There is no signal of which nothing can be expected.
    """
    assert {signal.name: "settling" for signal in SIGNALS} == SignalHistory().states


def test_a_number_is_valid_when_it_comes_and_stale_when_no_other_follows():
    """
    By the time of the frames, so at any speed.
    """
    history = history_of(*frames(12), a_rate(12.0), *frames(30, since_s=13))

    assert [(0.0, "settling"), (12.0, "valid"), (23.0, "stale")] == of(history, "pulse")


def test_breathing_may_be_older():
    """
    It has the limit that the exporter has for it.
    """
    history = history_of(a_frame(0), a_rate(1.0, "breathing"), *frames(30, since_s=2))

    assert [(0.0, "settling"), (1.0, "valid"), (17.0, "stale")] == of(history, "breathing")


def test_a_number_that_the_server_does_not_trust_is_held():
    """
    And valid again when it does.
    """
    history = history_of(a_rate(1.0), a_rate(2.0, stable=False), a_rate(3.0))

    assert [(0.0, "settling"), (1.0, "valid"), (2.0, "held"), (3.0, "valid")] == of(
        history, "pulse"
    )


def test_without_a_subject_everything_is_lost():
    """
    From the status on.
    """
    history = history_of(a_rate(1.0), a_frame(2), a_status("NO_FACES_FOUND"))

    assert {"lost"} == set(history.states.values())
    assert 2.0 == history.moments[-1].time_s


def test_time_goes_on_while_nobody_is_measured():
    """
    Core's metadata tell it, and where there is no Core, the stamps.
    """
    metadata = {"metadata": {"frame_timestamp": "5000000"}}
    nobody = envelope("core_metrics", START_US + 5_000_000, metadata).envelope
    empty = envelope("edge_metrics", START_US + 5_500_000, {"source": "synthetic"}).envelope
    history = history_of(a_frame(1), ("core_metrics", nobody), ("edge_metrics", empty))

    assert 5.5 == history.now_s


@pytest.mark.parametrize(
    ("off_s", "states"), [(-3600, ["stale"]), (3600, ["stale"]), (5, []), (-5, [])]
)
def test_a_clock_that_is_set_makes_a_number_stale_and_the_time_goes_on(off_s, states):
    """
    As on the exporter's page, which knows no number from an hour ahead.
    """
    history = history_of(a_rate(1.0), a_rate(2.0, clock_off_s=off_s), a_rate(3.0), a_frame(4))

    assert ["settling", "valid", *states, *["valid" for _ in states]] == [
        state for _, state in of(history, "pulse")
    ]
    assert 4.0 == history.now_s


def test_a_clock_that_tells_no_time_of_day_makes_everything_stale():
    """
    Nobody can say how old a sample of a 32-bit counter is.
    """
    sample = {"time": 1.0, "value": 70.0, "stable": True, "timestamp": "1000000"}
    raw = json.dumps({"type": "core_metrics", "timestamp": 1_000_000,
                      "payload": {"pulse": {"rate": [sample]}}}).encode()  # fmt: skip

    assert "stale" == history_of(("core_metrics", raw)).states["pulse"]


def test_what_is_no_envelope_changes_nothing():
    """
    Damage costs what is damaged.
    """
    damaged = [b"", b"{", b"\xff\xfe", b"[]", b'{"type":"core_metrics","payload":{}}']
    history = history_of(a_rate(1.0), *(("core_metrics", raw) for raw in damaged))

    assert "valid" == history.states["pulse"]
    assert [0.0, 1.0] == [moment.time_s for moment in history.moments]


def test_a_server_that_starts_anew_goes_on_in_the_cameras_time():
    """
    Its own time begins again, and events of its scenario go by that.
    """
    history = history_of(*frames(5), a_rate(5.0))
    for channel, raw in (a_frame(0), a_frame(2)):
        history.take(channel, raw, "another run")

    assert (7.0, 2.0) == (history.now_s, history.capture_s)
    assert "valid" == history.states["pulse"]


def test_the_first_moment_is_found_from_a_place_on():
    """
    Also one that has passed since; two signals have to be so at the same moment.
    """
    history = history_of(
        a_rate(1.0), a_rate(2.0, stable=False), a_rate(3.0, "breathing"), a_rate(4.0)
    )
    both = {"pulse": "valid", "breathing": "valid"}

    assert [1, 4, None] == [
        history.first({"pulse": "valid"}, since) for since in (0, 2, len(history.moments))
    ]
    assert [4.0, None] == [
        history.moments[history.first(both)].time_s, history.first(both | {"eda": "valid"}),
    ]  # fmt: skip


def test_changes_are_of_the_signals_that_are_asked_for():
    """
    In order, and only what changed.
    """
    history = history_of(a_rate(1.0), a_rate(2.0), a_rate(3.0, "breathing"))

    assert [
        StateChange(0.0, "pulse", "settling"),
        StateChange(0.0, "breathing", "settling"),
        StateChange(1.0, "pulse", "valid"),
        StateChange(3.0, "breathing", "valid"),
    ] == history.changes("pulse", "breathing")


def test_the_newest_number_is_there_to_be_shown():
    """
    Whatever its state is.
    """
    history = history_of(a_rate(1.0, value=71.5, stable=False))

    assert (71.5, None) == (history.value("pulse"), history.value("breathing"))
