"""The shipped scenarios do what their comments say, seen from the stream and from a collector."""

import itertools

import numpy as np
import pytest

from services.physiology_server.scenarios.scenario_file import scenario_of
from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig

SECOND_US = 1_000_000
GONE = {
    "subject_leaves": [(20, 30, "NO_FACES_FOUND")],
    "several_faces": [(20, 26, "MORE_THAN_ONE_FACE_FOUND")],
    "too_dark": [(20, 28, "IMAGE_TOO_DARK"), (28, 34, "IMAGE_TOO_BRIGHT")],
}


def times(samples):
    return [sample["time"] for sample in samples]


def collected(run, tmp_path, *, session="seen"):
    """What a collector makes of a run that it records from beginning to end."""
    collector = MetricsCollector(
        MetricsCollectorConfig(output_jsonl_path=tmp_path / "metrics.jsonl")
    )
    collector.set_session_id(session)
    collector.start()
    collector.set_recording_state(True)
    for outgoing in run.outgoings:
        if outgoing.channel in ("core_metrics", "edge_metrics"):
            collector.process_envelope(outgoing.envelope)
    return collector


def columns(collector, channel, name):
    series = collector.get_current_snapshot()["series"][f"physiology:{channel}"][name]
    return series["timestamps"], series["relative_us"]


def frames_in(run, first_s, last_s):
    """Edge payloads of a stretch of time, by the stamps of the run."""
    edge = run.of("edge_metrics")
    start_us = edge[0]["timestamp"]
    return [
        envelope["payload"]
        for envelope in edge
        if first_s <= (envelope["timestamp"] - start_us) / SECOND_US < last_s
    ]


@pytest.mark.parametrize(("name", "stretch"), [(n, s) for n, row in GONE.items() for s in row])
def test_who_cannot_be_measured_has_no_number(name, stretch, shipped):
    """
    The status says why; no pulse rate and no measurement of any kind is sent meanwhile.
    """
    first_s, last_s, status = stretch
    run = shipped(name)
    rates = times(run.series("core_metrics", "pulse", "rate"))

    assert status in run.statuses()
    assert rates
    assert [] == [time_s for time_s in rates if first_s <= time_s < last_s]
    assert [{"source": "synthetic"}] * 30 * (last_s - first_s) == frames_in(run, first_s, last_s)


def test_a_changed_status_bears_the_stamp_of_its_frame(shipped):
    """
    It stands in time where the picture changed.
    """
    run = shipped("subject_leaves")
    start_us = run.of("edge_metrics")[0]["timestamp"]
    seen = [e for e in run.of("status") if e["payload"]["value"] in ("NO_FACES_FOUND", "OK")]

    assert [0, 20, 30] == [(e["timestamp"] - start_us) / SECOND_US for e in seen]


def test_apnea_is_detected_while_the_breath_is_held(shipped):
    """
    Ten seconds after it began at the latest, and not long after its end; the pulse goes on.
    """
    run = shipped("apnea")
    apnea = run.series("core_metrics", "breathing", "apnea")
    detected = times(sample for sample in apnea if sample["detected"])
    rates = times(run.series("core_metrics", "pulse", "rate"))

    assert 62 < detected[0] < 71
    assert 84 < detected[-1] < 88
    assert list(range(60, 85)) == pytest.approx([t for t in rates if 59.9 < t < 84.9], abs=0.05)


def test_a_breathing_rate_is_not_stable_while_the_breath_is_held(shipped):
    """
    From the detection on until breathing is found again, so that nobody shows it as live.
    """
    run = shipped("apnea")
    detected = times(s for s in run.series("core_metrics", "breathing", "apnea") if s["detected"])
    rates = run.series("core_metrics", "breathing", "rate")

    assert {False} == {s["stable"] for s in rates if detected[0] <= s["time"] < 95}
    assert {True} == {s["stable"] for s in rates if not detected[0] <= s["time"] < 95}


def test_the_pulse_follows_the_tachycardia(shipped):
    """
    72 at first, 130 at the height, 72 at the end, and in the ramp half a window behind.
    """
    rates = shipped("tachycardia").series("core_metrics", "pulse", "rate")
    between = {
        (a, b): np.median([s["value"] for s in rates if a <= s["time"] < b])
        for a, b in ((12, 20), (50, 51), (95, 110), (182, 190))
    }

    assert pytest.approx({(12, 20): 72, (95, 110): 130, (182, 190): 72}, abs=2) == {
        key: value for key, value in between.items() if key != (50, 51)
    }
    assert pytest.approx(72 + 58 * (50 - 6 - 20) / 60, abs=3) == between[50, 51]


def test_who_has_another_rate_keeps_it(play):
    """
    A breath that is held meanwhile goes on at the new rate, and a tachycardia comes back to it.
    """
    events = [
        {"at_s": 20, "do": "breathing_rate", "to_per_minute": 24},
        {"at_s": 20, "do": "pulse_rate", "to_per_minute": 90, "ramp_s": 10},
        {"at_s": 60, "for_s": 15, "do": "apnea"},
        {"at_s": 60, "for_s": 20, "do": "tachycardia", "to_per_minute": 130, "ramp_s": 5},
    ]
    run = play(scenario_of({"name": "x", "duration_s": 125, "timeline": events}, "x.yml"))

    for name, rate in (("breathing", 24), ("pulse", 90)):
        samples = run.series("core_metrics", name, "rate")
        for first_s, last_s in ((52, 60), (115, 125)):
            found = [s["value"] for s in samples if first_s <= s["time"] < last_s]
            assert pytest.approx(rate, abs=2) == np.median(found)


def test_off_centre_nothing_is_stable(shipped):
    """
    Numbers go on, marked.
    """
    run = shipped("off_centre")
    stable = {
        sample["stable"]
        for payload in frames_in(run, 20, 30)
        for sample in payload["breathing"]["upper_trace"]
    }

    assert {False} == stable
    assert [] == [
        sample["time"]
        for sample in run.series("core_metrics", "pulse", "rate")
        if 20 <= sample["time"] < 30 and sample["stable"]
    ]


def test_motion_disturbs_traces_and_takes_the_rates_away(shipped):
    """
    The traces swing at least twice as wide, and from some seconds on no rate is believed.
    """
    run = shipped("motion")
    still, moved = (
        np.ptp([p["breathing"]["upper_trace"][0]["value"] for p in frames_in(run, *stretch)])
        for stretch in ((5, 20), (20, 35))
    )
    rates = times(run.series("core_metrics", "pulse", "rate"))

    assert moved > 2 * still
    assert [] == [time_s for time_s in rates if 26 <= time_s < 40]


def test_dropped_frames_leave_holes(shipped):
    """
    About a fifth of ten seconds, then all of two; every frame that came has its own time.
    """
    run = shipped("dropouts")
    start_us = run.of("edge_metrics")[0]["timestamp"]
    frames = [round((e["timestamp"] - start_us) * 30 / SECOND_US) for e in run.of("edge_metrics")]
    missing = set(range(1500)) - set(frames)

    assert len(frames) == len(set(frames))
    assert set(range(900, 960)) == {frame for frame in missing if frame >= 750}
    assert 40 <= len({frame for frame in missing if frame < 750}) <= 80


def test_late_envelopes_all_come_and_the_series_still_rise(shipped, tmp_path):
    """
    They are out of order, none is lost, and the collector drops what is too late for a series.
    """
    run = shipped("late")
    stamps = [envelope["timestamp"] for envelope in run.of("edge_metrics")]
    backwards = [b - a for a, b in itertools.pairwise(stamps) if b < a]
    collector = collected(run, tmp_path)

    assert 900 == len(set(stamps)) == len(stamps)
    assert 10 < len(backwards)
    assert collector.stats.duplicates > 10
    assert 0 == collector.stats.resets


def test_duplicates_are_written_twice_and_counted_once(shipped, tmp_path):
    """
    JSONL has what came; series have each sample once.
    """
    run = shipped("duplicates")
    edge = [o.envelope for o in run.outgoings if o.channel == "edge_metrics"]
    collector = collected(run, tmp_path)
    timestamps, _ = columns(collector, "edge_metrics", "breathing.upper_trace")

    assert 900 == len(set(edge)) < len(edge)
    assert len(run.outgoings) - 4 == collector.stats.envelopes
    assert 900 == len(timestamps)


def test_a_clock_that_is_set_back_is_one_reset_a_series(shipped, tmp_path):
    """
    The series rise on; what the clock said stands in relative_us.
    """
    collector = collected(shipped("clock_reset"), tmp_path)
    timestamps, relative_us = columns(collector, "edge_metrics", "breathing.upper_trace")
    steps = np.diff(relative_us)

    assert (np.diff(timestamps) > 0).all()
    assert [-3600] == [round(step / SECOND_US) for step in steps if step < 0]
    assert [3600] == [round(step / SECOND_US) for step in steps if step > SECOND_US]


def test_a_32_bit_clock_that_wraps_goes_on(shipped, tmp_path):
    """
    The collector's series rise without a jump, and nothing counts as a reset.
    """
    collector = collected(shipped("wrap_32_bit"), tmp_path)
    timestamps, relative_us = columns(collector, "edge_metrics", "breathing.upper_trace")

    assert 1200 == len(timestamps)
    assert pytest.approx(1 / 30, abs=1e-4) == np.diff(timestamps).max() / SECOND_US
    assert pytest.approx(1 / 30, abs=1e-4) == np.diff(timestamps).min() / SECOND_US
    assert 2**32 - 20_010_000 == relative_us[0]
    assert 23_333 == min(relative_us) == relative_us[601]
    assert 0 == collector.stats.resets


def test_malformed_envelopes_cost_themselves(shipped, tmp_path):
    """
    Some are rejected, by reason; the others are kept, and together they are all that was sent.
    """
    run = shipped("malformed")
    stats = collected(run, tmp_path).stats

    assert {"not_json", "not_utf8"} == set(stats.rejected)
    assert 1050 == stats.envelopes + sum(stats.rejected.values())
    assert 20 < sum(stats.rejected.values()) < 55
    assert stats.channels["physiology:unheard_of_metrics"] > 3


def test_malformed_values_are_in_no_series(shipped, tmp_path):
    """
    Words and NaN are not numbers; what is damaged is a hole, not a zero.
    """
    run = shipped("malformed")
    collector = collected(run, tmp_path)
    series = collector.get_current_snapshot()["series"]["physiology:edge_metrics"]
    values = series["breathing.upper_trace"]["values"]
    texts = b"".join(run.lines)

    assert np.isfinite(values).all()
    assert 780 < len(values) < 880
    assert (True, True) == (b'"value":NaN' in texts, b'"value":"much"' in texts)


def test_a_slow_core_falls_behind_and_catches_up_in_order(shipped):
    """
    Three seconds behind the frames that go out at the same time, then none.
    """
    behind_s, now_us = {}, 0
    run = shipped("slow_core")
    start_us = run.of("edge_metrics")[0]["timestamp"]
    core = [envelope["timestamp"] for envelope in run.of("core_metrics")]
    for outgoing in run.outgoings:
        stamp_us = int(outgoing.envelope.split(b'"timestamp":')[1].split(b",")[0])
        if outgoing.channel == "edge_metrics":
            now_us = stamp_us
        elif outgoing.channel == "core_metrics":
            second = (stamp_us - start_us) // SECOND_US
            behind_s.setdefault(second, []).append((now_us - stamp_us) / SECOND_US)

    assert sorted(core) == core
    assert 225 == len(core)
    assert 0.1 > max(behind_s[14])
    assert (2.9 < min(behind_s[20]), max(behind_s[20]) < 3.1) == (True, True)
    assert 0.1 > max(behind_s[34])


def test_a_restart_ends_one_recording_and_another_begins(shipped):
    """
    Subscribers see a stop, a server that has not started, and after three seconds frames again.
    """
    run = shipped("server_restart")
    told = [
        (e["payload"]["recording"], e["payload"].get("session_id"))
        for e in run.of("recording_state")
    ]

    assert [
        (False, None),
        (True, "before_the_restart"),
        (False, "before_the_restart"),
        (True, "after_the_restart"),
        (False, "after_the_restart"),
    ] == told
    assert ["PROCESSING_NOT_STARTED", "OK"] * 2 + ["PROCESSING_NOT_STARTED"] == run.statuses()
    assert [] == frames_in(run, 20, 23)
    assert 30 == len(frames_in(run, 23, 24))
