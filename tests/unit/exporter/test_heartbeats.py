"""Heartbeats on the page: counters always, rates while the step moves."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.exporting import a_board, a_camera, a_report, a_step, page_of, samples
from vitalrig.clock import ManualClock

STEP = 'camera="physiology",service="physiology_server",step="frames_in"'
RATE = "vitalrig_pipeline_heartbeat_window_rate_hertz"


@pytest.fixture
def clock():
    return ManualClock()


def page(clock, report):
    return page_of(a_board(clock, reports={"server": report}), clock)


def test_a_step_has_counters_and_the_three_rates(clock):
    """
    Counters are for rate(); the rates are what users of heartbeats know.
    """
    text = page(clock, a_report(clock))

    names = ("global", "window", "instant")
    rates = [
        samples(text, f"vitalrig_pipeline_heartbeat_{name}_rate_hertz")[STEP] for name in names
    ]
    assert [29.9, 30.0, 30.1] == rates
    assert {STEP: 300} == samples(text, "vitalrig_pipeline_heartbeats_total")


def test_what_waits_and_what_the_stream_holds_are_on_the_page(clock):
    """
    So long may the collector be away.
    """
    text = page(clock, a_report(clock))

    assert [{'camera="physiology"': 2}, {'camera="physiology"': 1_680.5}] == [
        samples(text, "vitalrig_envelopes_waiting"),
        samples(text, "vitalrig_stream_held_seconds"),
    ]


def test_a_step_that_stands_still_has_no_rate(clock):
    """
    Its rate changes only with a beat, and would look live for ever.
    """
    step = a_step(clock)
    clock.advance(10.1)

    text = page(clock, a_report(clock, steps={"frames_in": step}))

    assert {} == samples(text, RATE)
    assert {STEP: 300} == samples(text, "vitalrig_pipeline_heartbeats_total")
    assert {STEP: 29.9} == samples(text, "vitalrig_pipeline_heartbeat_global_rate_hertz")


@pytest.mark.parametrize("step_s", [-9, 3_600])
def test_a_clock_that_is_set_shows_no_service_that_is_gone(clock, step_s):
    """
    Its report ages as it would have, and the rates in it do.
    """
    board = a_board(clock, reports={"server": a_report(clock)})
    clock.jump_wall(step_s)
    clock.advance(9.9)
    before = page_of(board, clock)
    clock.advance(0.2)
    after = page_of(board, clock)

    assert {STEP} == set(samples(before, RATE))
    assert {} == samples(after, "vitalrig_pipeline_heartbeats_total")


@pytest.mark.parametrize(("silent_s", "shown"), [(89, True), (91, False)])
def test_a_slow_step_has_three_of_its_intervals(clock, silent_s, shown):
    """
    A step that works every 30 s, such as snapshots, does not stand still in between.
    """
    step = a_step(clock, window_rate_hz=1 / 30)
    clock.advance(silent_s)

    text = page(clock, a_report(clock, steps={"frames_in": step}))

    assert shown == bool(samples(text, RATE))


def test_a_step_that_has_not_begun_counts_nothing(clock):
    """
    A known step is there with 0 from the start, so that its first beat is seen as a rise.
    """
    step = {"count": 0, "busy_s": 0.0, "size_bytes": 0}

    text = page(clock, a_report(clock, steps={"frames_in": step}))

    assert {STEP: 0} == samples(text, "vitalrig_pipeline_heartbeats_total")
    assert {} == samples(text, RATE)


def test_a_service_that_is_silent_is_not_on_the_page(clock):
    """
    It may have ended; its last words are not live.
    """
    report = a_report(clock)
    clock.advance(10.1)

    text = page(clock, report)

    assert {} == samples(text, "vitalrig_pipeline_heartbeats_total")
    assert 1 == samples(text, "vitalrig_exporter_reports")['outcome="stale",source="heartbeats"']


def test_made_up_data_say_so(clock):
    """
    The mark is on the page as long as the server reports.
    """
    text = page(clock, a_report(clock))

    assert {'camera="physiology",source="synthetic"': 1} == samples(text, "vitalrig_source_info")


def test_an_unknown_source_is_other(clock):
    """
    A label has values from a closed list.
    """
    facts = {"source": "patient-7.mp4", "camera": "physiology"}

    text = page(clock, a_report(clock, facts=facts))

    assert {'camera="physiology",source="other"': 1} == samples(text, "vitalrig_source_info")


def test_dropped_frames_have_their_reasons(clock):
    """
    All known reasons are there with 0; what is not known counts as other, and all add up.
    """
    counters = {"frames_dropped": 6, "frames_dropped_too_late": 5, "frames_dropped_magic": 1}

    text = page(clock, a_report(clock, counters=counters))

    dropped = samples(text, "vitalrig_frames_dropped_total")
    assert 6 == sum(dropped.values())
    assert {"too_late": 5, "other": 1, "queue_full": 0} == {
        reason: next(n for labels, n in dropped.items() if f'reason="{reason}"' in labels)
        for reason in ("too_late", "other", "queue_full")
    }


def test_a_server_that_knows_no_reasons_still_counts(clock):
    """
    An older server's total is not lost.
    """
    text = page(clock, a_report(clock, counters={"frames_dropped": 6}))

    assert 6 == sum(samples(text, "vitalrig_frames_dropped_total").values())


def test_who_reports_twice_is_shown_once(clock):
    """
    One series that stands twice on a page costs the whole scrape.
    """
    text = page_of(a_board(clock, reports={"a": a_report(clock), "b": a_report(clock)}), clock)

    assert 1 == text.count(f"{RATE}{{")


@pytest.mark.parametrize(
    "odd",
    [
        {"service": "Server; DROP"},
        {"service": None},
        {"instance": "x" * 65},
        {"updated_us": "now"},
        {"steps": {"frames in": {}}},
        {"steps": {f"step_{n}": {} for n in range(65)}},
        {"steps": {"frames_in": {"count": "many"}}},
        {"steps": []},
        {"counters": {"clock_jumps": True}},
        {"facts": {"camera": "a\nb"}},
    ],
    ids=[
        "no name", "nobody", "long name", "no time", "no step", "too many steps", "no number",
        "no steps", "no counter", "two lines",
    ],
)  # fmt: skip
def test_a_report_that_makes_no_sense_is_refused_whole(clock, odd):
    """
    It costs itself, and is counted.
    """
    reports = {"odd": a_report(clock, **odd), "server": a_report(clock)}

    text = page_of(a_board(clock, reports=reports), clock)

    refused = samples(text, "vitalrig_exporter_reports")['outcome="refused",source="heartbeats"']
    assert (1, {STEP: 300}) == (refused, samples(text, "vitalrig_pipeline_heartbeats_total"))


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(max_examples=60)
@given(st.sampled_from(sorted(a_camera(ManualClock()))), anything, st.booleans())
def test_whatever_a_report_holds_the_page_is_made(key, value, whole):
    """
    No report can take its source off the page.
    """
    clock = ManualClock()
    text = json.dumps(value if whole else a_camera(clock) | {key: value}).encode()

    page = page_of(a_board(clock, {"odd": text}, {"odd": text}), clock)

    up = samples(page, "vitalrig_exporter_source_up")
    assert {'source="cameras"': 1, 'source="exporter"': 1, 'source="heartbeats"': 1} == up
