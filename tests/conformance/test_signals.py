"""
What was asked for, read back from each backend and measured by other means than the server's.

The server's rates come from windows of 12 and 30 s with its own estimator. Here traces are read
back and Welch's periodogram of the whole run is taken; a replay is compared with its own file.
"""

import csv

import numpy as np
import pytest
from scipy import signal

from tests.support.conformance import FPS, times_s, values
from tests.support.conformance_runs import ASKED, RECORDING, REPLAY_FOR_S, REPLAY_FROM_S

RAW_FPS = 40
PULSE_BAND, BREATHING_BAND = (40, 200), (4, 45)
WITHIN = {"pulse": 1.0, "breathing": 0.5}
"""Beats and breaths a minute."""

# Where each trace is, at how many samples a second, and in which band its rate is looked for.
TRACES = [
    ("core_metrics", "pulse.trace", FPS, PULSE_BAND),
    ("core_metrics", "blood_pressure.phasic", FPS, PULSE_BAND),
    ("core_metrics", "breathing.upper_trace", 5, BREATHING_BAND),
    ("core_metrics", "breathing.lower_trace", 5, BREATHING_BAND),
    ("edge_metrics", "breathing.upper_trace", FPS, BREATHING_BAND),
    ("edge_metrics", "breathing.lower_trace", FPS, BREATHING_BAND),
]
EACH_TRACE = pytest.mark.parametrize(
    ("kind", "path", "fps", "band"), TRACES, ids=[f"{kind} {path}" for kind, path, *_ in TRACES]
)
RECORDED = [trace for trace in TRACES if "lower" not in trace[1] and "phasic" not in trace[1]]
EACH_RECORDED = pytest.mark.parametrize(
    ("kind", "path", "fps", "band"), RECORDED, ids=[f"{kind} {path}" for kind, path, *_ in RECORDED]
)
EACH_RATE = pytest.mark.parametrize(
    ("what", "band", "window_s"), [("pulse", PULSE_BAND, 12), ("breathing", BREATHING_BAND, 30)],
    ids=["pulse", "breathing"],
)  # fmt: skip


def highest_peak(trace, fps, band):
    """Per minute, by Welch's method with windows of a minute."""
    hz, power = signal.welch(
        trace, fs=fps, nperseg=min(len(trace), 60 * int(fps)), nfft=2**17, detrend="linear"
    )
    inside = (hz >= band[0] / 60) & (hz <= band[1] / 60)
    return 60 * hz[inside][power[inside].argmax()]


def quantity(path):
    return "breathing" if path.startswith("breathing") else "pulse"


@pytest.fixture(scope="module")
def raw():
    """The part of the recording that is replayed: pulse and breathing."""
    with RECORDING.open(newline="") as file:
        rows = list(csv.DictReader(file))
    start = REPLAY_FROM_S * RAW_FPS
    part = rows[start : start + REPLAY_FOR_S * RAW_FPS]
    return {
        "pulse": np.array([float(row["ppg"]) for row in part]),
        "breathing": np.array([float(row["resp"]) for row in part]),
    }


@pytest.fixture
def replay(backend, runs):
    return runs("replay", backend)


@EACH_TRACE
def test_a_synthetic_trace_has_the_rate_that_was_asked_for(run, asked, kind, path, fps, band):
    """
    Within one beat and half a breath a minute.
    """
    what = quantity(path)
    found = highest_peak(values(run.series(kind, path)), fps, band)

    assert getattr(ASKED[asked], f"{what}_per_minute") == pytest.approx(found, abs=WITHIN[what])


@pytest.mark.parametrize("what", WITHIN)
def test_the_server_s_rates_are_what_was_asked_for(run, asked, what):
    """
    Their median within one beat and half a breath a minute, and each within twice that.
    """
    rates = values(run.series("core_metrics", f"{what}.rate"))
    expected = getattr(ASKED[asked], f"{what}_per_minute")

    assert expected == pytest.approx(np.median(rates), abs=WITHIN[what])
    assert expected == pytest.approx(rates, abs=2 * WITHIN[what])


def test_the_quotient_is_that_of_the_rates(run, asked):
    """
    Beats a breath.
    """
    quotient = np.median(values(run.series("core_metrics", "pulse.pulse_respiration_quotient")))
    expected = ASKED[asked].pulse_per_minute / ASKED[asked].breathing_per_minute

    assert expected == pytest.approx(quotient, rel=0.03)


def test_micromotion_has_pulse_and_breath_in_it(run, asked):
    """
    The breath moves the glutes; it is the strongest peak of its band there.
    """
    expected = ASKED[asked].breathing_per_minute
    glutes = values(run.series("edge_metrics", "micromotion.glutes"))

    assert expected == pytest.approx(
        highest_peak(glutes, FPS, (expected * 0.7, expected * 1.4)), abs=WITHIN["breathing"]
    )


@EACH_RECORDED
def test_a_replayed_trace_has_the_rate_of_its_recording(replay, raw, kind, path, fps, band):
    """
    As Welch's method finds it in the file.
    """
    what = quantity(path)
    found = highest_peak(values(replay.series(kind, path)), fps, band)

    assert highest_peak(raw[what], RAW_FPS, band) == pytest.approx(found, abs=WITHIN[what])


@EACH_RATE
def test_the_server_s_rates_are_those_of_the_recording(replay, raw, what, band, window_s):
    """
    Their median is the rate of the whole, within one beat and half a breath a minute.
    """
    rates = values(replay.series("core_metrics", f"{what}.rate"))
    expected = highest_peak(raw[what], RAW_FPS, band)

    assert expected == pytest.approx(np.median(rates), abs=WITHIN[what])


@EACH_RATE
def test_each_rate_is_that_of_its_window(replay, raw, what, band, window_s):
    """
    A person's rates vary: each is compared with a periodogram of the file in just its window.
    """
    differences = []
    for sample in replay.series("core_metrics", f"{what}.rate"):
        end_s = sample["time"]
        begin_s = max(0, end_s - window_s)
        window = raw[what][round(begin_s * RAW_FPS) : round(end_s * RAW_FPS)]
        hz, power = signal.periodogram(window, RAW_FPS, "hann", nfft=2**15, detrend="linear")
        inside = (hz >= band[0] / 60) & (hz <= band[1] / 60)
        differences.append(sample["value"] - 60 * hz[inside][power[inside].argmax()])

    assert len(differences) > REPLAY_FOR_S / 2
    assert 0 == pytest.approx(np.array(differences), abs=WITHIN[what])


@EACH_RECORDED
def test_a_replayed_trace_has_the_shape_of_its_recording(replay, raw, kind, path, fps, band):
    """
    Moved and scaled as a whole, and nothing else: its correlation with the file is one.
    """
    samples = replay.series(kind, path)
    row_s = np.arange(len(raw[quantity(path)])) / RAW_FPS
    recorded = np.interp(times_s(samples), row_s, raw[quantity(path)])

    assert np.corrcoef(recorded, values(samples))[0, 1] > 0.9999


def test_warm_ups_hold_for_a_recording_too(replay):
    """
    Pulse rates after 9 to 12 s, breathing rates after 15 to 30 s.
    """
    first_s = [
        times_s(replay.series("core_metrics", path))[0] for path in ("pulse.rate", "breathing.rate")
    ]

    assert 9 <= first_s[0] <= 12
    assert 15 <= first_s[1] <= 30


def test_what_was_not_recorded_is_not_made_up(replay):
    """
    No abdomen, no pressure, no skin, no motion and no face, although all were switched on.
    """
    core = {part for message in replay.messages("core_metrics") for part in message.payload}
    edge = {part for message in replay.messages("edge_metrics") for part in message.payload}

    assert {"pulse", "breathing", "metadata"} == core
    assert {"breathing"} == edge - {"source"}
    assert [] == replay.series("edge_metrics", "breathing.lower_trace")


def test_replayed_numbers_say_so(replay):
    """
    They are somebody's, but not of now.
    """
    ids = {
        message.payload["metadata"]["id"].partition("-")[0]
        for message in replay.messages("core_metrics")
    }
    marks = {message.payload.get("source") for message in replay.messages("edge_metrics")} | {
        reply.source for reply in replay.replies.get("edge_metrics", ())
    }

    assert ({"replay"}, {"replay"}) == (ids, marks - {None})
