"""Core: a payload a buffer, with rates found in the traces, and nothing that is not known."""

import itertools
import json
import pickle
from pathlib import Path

import numpy as np
import orjson
import pytest

from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from services.physiology_server.signals.frame import Frame, Signals
from services.physiology_server.sources.replay_source import ReplaySource
from services.physiology_server.sources.synthetic_source import SyntheticSource
from tests.support.gen_c import METRICS_BUFFER, strangers
from tests.support.rounds import rounds
from vitalrig.clock import ManualClock
from vitalrig.statuses import StatusCode

EPOCH_US = 1_760_000_000_000_000
RECORDING = Path(__file__).parents[4] / "samples" / "data" / "rest_ppg_resp_40hz.csv"


def a_core(**settings):
    defaults = {
        "buffer_duration_s": 0.2,
        "enable_phasic_bp": True,
        "source_kind": "camera",
        "run_id": "4711",
        "version": "0.1.0",
        "clock": ManualClock(wall_us=EPOCH_US),
    }
    return Core(**defaults | settings)


def some_frames(seconds, source=None):
    source = source or SyntheticSource(1)
    return list(itertools.islice(source.frames(), int(seconds * source.fps)))


def payloads(core, frames):
    made = (core.add(frame, EPOCH_US + round(frame.time_s * 1e6)) for frame in frames)
    return [payload for payload in made if payload is not None]


def series(made, part, name):
    """
    All samples of one series, in order of the payloads.
    """
    return [sample for payload in made for sample in payload.get(part, {}).get(name, [])]


def times(samples):
    return [sample["time"] for sample in samples]


def values(samples):
    return [sample["value"] for sample in samples]


@pytest.fixture(scope="module")
def minutes():
    """
    Three minutes of a synthetic person, once for many tests.
    """
    return payloads(a_core(), some_frames(180))


def test_payloads_have_the_shape_of_the_schema(minutes):
    """
    In three minutes there is no key that the schema does not have, and none without content.
    """
    assert [] == [bad for payload in minutes for bad in strangers(payload, METRICS_BUFFER)]


def test_everything_that_core_measures_comes(minutes):
    """
    All series of pulse and breathing, and phasic pressure.
    """
    seen = {
        f"{part}.{name}" for p in minutes for part in p if part != "metadata" for name in p[part]
    }

    assert {
        "pulse.rate",
        "pulse.trace",
        "pulse.pulse_respiration_quotient",
        "pulse.strict",
        "breathing.rate",
        "breathing.upper_trace",
        "breathing.lower_trace",
        "breathing.amplitude",
        "breathing.apnea",
        "breathing.respiratory_line_length",
        "breathing.baseline",
        "breathing.inhale_exhale_ratio",
        "breathing.strict",
        "blood_pressure.phasic",
    } == seen


def test_any_json_writer_prints_the_same(minutes):
    """
    Values are plain Python, and the standard library's json agrees with orjson on each.
    """
    for payload in minutes[-50:]:
        assert payload == json.loads(json.dumps(payload)) == json.loads(orjson.dumps(payload))


@pytest.mark.parametrize(("fps", "buffer_s"), [(30.0, 0.2), (30.0, 0.5), (29.97, 0.2), (25.0, 0.1)])
def test_there_is_a_payload_each_buffer_duration(fps, buffer_s):
    """
    Over a minute their number is right to one, whatever the frame rate.
    """
    frames = some_frames(60, SyntheticSource(1, fps=fps))

    made = payloads(a_core(buffer_duration_s=buffer_s), frames)

    assert pytest.approx(60 / buffer_s, abs=1) == len(made)


def test_metadata_tells_of_the_frame_that_filled_the_buffer():
    """
    Six frames in 0.2 s, the sixth at 166,667 us since capture start; sent when the clock says.
    """
    clock = ManualClock(wall_us=1_759_779_683_578_333)

    first = payloads(a_core(clock=clock), some_frames(1))[0]

    assert {
        "id": "camera-4711",
        "upload_timestamp": "2025-10-06T19:41:23.578Z",
        "api_version": "vitalrig-camera/0.1.0",
        "sent_at_s": 1759779683.578333,
        "frame_timestamp": "166667",
        "frame_count": 6,
    } == first["metadata"]


@pytest.mark.parametrize("kind", ["synthetic", "replay"])
def test_payloads_that_are_not_live_say_so(kind):
    """
    Twice in every single message.
    """
    made = payloads(a_core(source_kind=kind), some_frames(5))

    assert {f"{kind}-4711"} == {payload["metadata"]["id"] for payload in made}
    assert {f"vitalrig-{kind}/0.1.0"} == {payload["metadata"]["api_version"] for payload in made}


def test_no_frame_is_lost_between_payloads(minutes):
    """
    Frame counts add up, and the trace has each frame once and in order.
    """
    trace = series(minutes, "pulse", "trace")

    assert 5400 == sum(payload["metadata"]["frame_count"] for payload in minutes) == len(trace)
    assert [str(EPOCH_US + round(n / 30 * 1e6)) for n in range(5400)] == [
        sample["timestamp"] for sample in trace
    ]


def test_the_trace_is_that_of_the_frames(minutes):
    """
    To 32 bits.
    """
    asked = np.array([frame.signals.pulse for frame in some_frames(180)], dtype=np.float32)

    assert (np.array(values(series(minutes, "pulse", "trace")), dtype=np.float32) == asked).all()


@pytest.mark.parametrize(("pulse", "breathing"), [(50.0, 8.0), (72.0, 15.0), (130.0, 28.0)])
def test_rates_are_those_of_the_person(pulse, breathing):
    """
    Core is not told what was asked of the source; it finds it.
    """
    source = SyntheticSource(4, pulse_per_minute=pulse, breathing_per_minute=breathing)

    made = payloads(a_core(), some_frames(90, source))

    assert pytest.approx(pulse, abs=1.0) == np.median(values(series(made, "pulse", "rate")))
    assert pytest.approx(breathing, abs=0.5) == np.median(values(series(made, "breathing", "rate")))


@pytest.mark.parametrize(
    ("part", "name", "first_s"),
    [
        ("pulse", "rate", 12.0),
        ("breathing", "rate", 25.0),
        ("pulse", "pulse_respiration_quotient", 25.0),
    ],
)
def test_a_rate_comes_after_its_warm_up_and_then_each_second(minutes, part, name, first_s):
    """
    Not earlier, and without a hole.
    """
    found = times(series(minutes, part, name))

    assert pytest.approx(list(np.arange(first_s, 180))) == found


def test_a_strict_rate_needs_ten_rates(minutes):
    """
    It is the median of those of the last 30 s.
    """
    rates = values(series(minutes, "pulse", "rate"))
    strict = [p["pulse"]["strict"]["value"] for p in minutes if "strict" in p.get("pulse", {})]

    assert len(rates) - 9 == len(strict)
    assert pytest.approx(np.median(rates[:10]), abs=1e-4) == strict[0]
    assert pytest.approx(np.median(rates[-31:]), abs=1e-4) == strict[-1]


def test_the_quotient_is_pulse_over_breathing(minutes):
    """
    72 over 15 is 4.8.
    """
    found = values(series(minutes, "pulse", "pulse_respiration_quotient"))

    assert pytest.approx(4.8, abs=0.2) == np.median(found)


@pytest.mark.parametrize("name", ["upper_trace", "lower_trace"])
def test_breathing_traces_have_five_samples_a_second(minutes, name):
    """
    Each is that of a frame, at the frame's time.
    """
    assert pytest.approx([n / 5 for n in range(900)], abs=0.001) == times(
        series(minutes, "breathing", name)
    )


@pytest.mark.parametrize("name", ["amplitude", "baseline", "inhale_exhale_ratio"])
def test_each_breath_is_described_once(minutes, name):
    """
    Fifteen a minute, one every 3 to 5 s, once breathing has been found.
    """
    steps_s = np.diff(times(series(minutes, "breathing", name)))

    assert 36 <= len(steps_s) <= 39
    assert 3.0 < steps_s.min() <= steps_s.max() < 5.0


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("amplitude", 1.1, 1.9), ("baseline", -0.9, -0.5), ("inhale_exhale_ratio", 0.5, 0.9)],
)
def test_breaths_are_described_in_the_usual_range(minutes, name, low, high):
    """
    The middle nine tenths; amplitude and baseline as the vendor's own server gives them.
    """
    found = values(series(minutes, "breathing", name))

    assert low < np.percentile(found, 5) < np.percentile(found, 95) < high


def test_line_length_comes_five_times_a_second(minutes):
    """
    It lies between 0.01 and 3.
    """
    found = series(minutes, "breathing", "respiratory_line_length")

    assert pytest.approx(0.2, abs=0.001) == np.median(np.diff(times(found)))
    assert 0.01 < min(values(found)) < max(values(found)) < 3


def test_apnea_is_stated_about_twice_a_second(minutes):
    """
    Once breathing is known; and who breathes has none.
    """
    found = series(minutes, "breathing", "apnea")

    assert pytest.approx(0.475, abs=0.001) == np.diff(times(found)).mean()
    assert not any(sample["detected"] for sample in found)


@pytest.fixture(scope="module")
def a_held_breath():
    """Two minutes of somebody who does not breathe from 60 s to 85 s."""
    frames = [
        frame
        if not 60 <= frame.time_s < 85
        else Frame(frame.index, frame.time_s, Signals(upper_breathing=-0.08))
        for frame in some_frames(120)
    ]
    return payloads(a_core(), frames)


def test_while_a_breath_is_held_no_breathing_rate_is_stable(a_held_breath):
    """
    The window of the rate still holds breaths then, so there is a number; it is not founded.
    """
    apnea = [s["time"] for s in series(a_held_breath, "breathing", "apnea") if s["detected"]]
    rates = series(a_held_breath, "breathing", "rate")
    meanwhile = [s["stable"] for s in rates if apnea[0] <= s["time"] <= apnea[-1]]
    otherwise = [s["stable"] for s in rates if not apnea[0] <= s["time"] < apnea[-1] + 0.475]

    assert len(meanwhile) > 5
    assert {False} == set(meanwhile)
    assert {True} == set(otherwise)


def test_after_a_gap_nobody_holds_the_breath_any_more():
    """
    What was detected before it is of another trace: the first rate after it is stable.
    """
    frames = [
        frame
        if frame.time_s >= 85
        else Frame(frame.index, frame.time_s, Signals(upper_breathing=-0.08))
        if frame.time_s >= 60
        else frame
        for frame in some_frames(120)
        if not 80 <= frame.time_s < 85
    ]
    rates = series(payloads(a_core(), frames), "breathing", "rate")

    assert {True} == {sample["stable"] for sample in rates if sample["time"] >= 85}


def test_who_stops_breathing_has_apnea_after_ten_seconds(a_held_breath):
    """
    And no rate soon after; who breathes again has none.
    """
    made = a_held_breath
    apnea = [s["time"] for s in series(made, "breathing", "apnea") if s["detected"]]

    assert 69.0 < apnea[0] < 72.0
    assert 84.0 < apnea[-1] < 87.0


def test_a_gap_makes_neither_apnea_nor_a_breath():
    """
    After five seconds without frames nothing is said of breaths until breathing is found anew.
    """
    frames = [frame for frame in some_frames(100) if not 60 <= frame.time_s < 65]
    made = payloads(a_core(), frames)

    for name in ("amplitude", "apnea", "respiratory_line_length"):
        assert not [t for t in times(series(made, "breathing", name)) if 60 <= t < 65 + 25]


def test_pressure_comes_only_when_asked_for():
    """
    One sample a frame, or none.
    """
    frames = some_frames(2)
    with_it, without = (payloads(a_core(enable_phasic_bp=on), frames) for on in (True, False))

    assert 60 == len(series(with_it, "blood_pressure", "phasic"))
    assert not any("blood_pressure" in payload for payload in without)


def test_what_is_not_measured_is_left_out():
    """
    A buffer of empty frames has metadata alone.
    """
    made = payloads(a_core(), [Frame(n, n / 30) for n in range(60)])

    assert 10 == len(made)
    assert {("metadata",)} == {tuple(payload) for payload in made}


def test_a_pulse_that_is_lost_has_no_rate_and_no_strict_rate():
    """
    From the moment the face is gone nothing is said of the pulse, not even what it was.
    """
    frames = [
        frame if frame.time_s < 40 else Frame(frame.index, frame.time_s, status=StatusCode(1))
        for frame in some_frames(60)
    ]

    made = payloads(a_core(), frames)

    assert not [p for p in made if int(p["metadata"]["frame_timestamp"]) > 40.1e6 and "pulse" in p]


def test_a_pulse_that_turns_into_noise_loses_its_rate():
    """
    No later than a window after the last beat there is no rate and no strict rate.
    """
    noise = np.random.default_rng(1).normal(scale=0.08, size=3000).tolist()
    frames = [
        frame
        if frame.time_s < 40
        else Frame(frame.index, frame.time_s, Signals(pulse=noise[frame.index - 1200]))
        for frame in some_frames(80)
    ]

    made = payloads(a_core(), frames)

    assert max(times(series(made, "pulse", "rate"))) < 52.0
    assert not any("strict" in p.get("pulse", {}) for p in made[53 * 5 :])


def test_breathing_that_turns_into_noise_has_no_breaths():
    """
    What moves without a rate is not described as breaths.
    """
    noise = np.random.default_rng(1).normal(scale=0.08, size=3600).tolist()
    frames = [
        frame
        if frame.time_s < 60
        else Frame(frame.index, frame.time_s, Signals(upper_breathing=noise[frame.index - 1800]))
        for frame in some_frames(120)
    ]

    made = payloads(a_core(), frames)

    assert max(times(series(made, "breathing", "amplitude"))) < 90.0


def test_after_a_reset_every_warm_up_begins_again():
    """
    No number is made of frames from before it.
    """
    core = a_core()
    frames = some_frames(70)
    payloads(core, frames[: 31 * 30 + 3])
    core.reset()

    made = payloads(core, frames[31 * 30 + 3 :])

    assert 6 == made[0]["metadata"]["frame_count"]
    assert pytest.approx(31.1 + 12) == times(series(made, "pulse", "rate"))[0]
    assert pytest.approx(31.1 + 25) == times(series(made, "breathing", "rate"))[0]


def test_a_rate_is_stable_when_all_of_its_window_was():
    """
    One frame that was not spoils the pulse rates of the next 12 s, and no others.
    """
    frames = some_frames(60)
    frames[1200] = Frame(1200, 40.0, frames[1200].signals, stable=False)

    found = series(payloads(a_core(), frames), "pulse", "rate")

    assert list(range(40, 53)) == pytest.approx([s["time"] for s in found if not s["stable"]])


def test_the_same_frames_give_the_same_payloads():
    """
    To the byte, with the same clock.
    """
    one, other = (orjson.dumps(payloads(a_core(), some_frames(40))) for _ in range(2))

    assert one == other


def test_the_real_recording_gives_what_is_in_it():
    """
    About 68 beats and 14 breaths a minute, and nothing that was not recorded.
    """
    frames = ReplaySource.from_csv(RECORDING, loop=False).frames()

    made = payloads(a_core(source_kind="replay"), frames)

    assert pytest.approx(68.0, abs=1.5) == np.median(values(series(made, "pulse", "rate")))
    assert pytest.approx(14.0, abs=1.0) == np.median(values(series(made, "breathing", "rate")))
    assert not any("blood_pressure" in p or "lower_trace" in p["breathing"] for p in made)


def test_hours_of_frames_do_not_make_it_grow():
    """
    After two hours (or half of one) Core and Edge hold no more than after ten minutes.
    """
    core, edge = a_core(), Edge(enable_eda=True, enable_micromotion=True, source_kind="camera")
    source = SyntheticSource(1, fps=10.0)
    sizes, minutes = [], rounds(30, 120)
    for frame in itertools.islice(source.frames(), minutes * 60 * 10):
        edge.payload(frame, EPOCH_US)
        core.add(frame, EPOCH_US)
        if frame.index % 6000 == 5999:
            sizes.append(len(pickle.dumps((core, edge, source))))

    assert minutes // 10 == len(sizes)
    assert max(sizes[1:]) < 1.1 * sizes[0]
