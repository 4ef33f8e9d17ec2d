"""No pulse from a photograph: what does not live has no rate, however long one looks."""

import numpy as np
import pytest

from services.physiology_server.signals.core import Core
from services.physiology_server.signals.frame import Frame, Signals
from services.physiology_server.signals.rate_estimator import (
    BREATHING,
    PULSE,
    RateEstimator,
    find_rate,
)
from vitalrig.clock import ManualClock

FPS = 30.0
MINUTES = 5
COUNT = int(MINUTES * 60 * FPS)
TIME_S = np.arange(COUNT) / FPS
KINDS = pytest.mark.parametrize("kind", [PULSE, BREATHING], ids=["pulse", "breathing"])


def pink(rng, count):
    spectrum = np.fft.rfft(rng.normal(size=count))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    spectrum[0] = 0
    return np.fft.irfft(spectrum, count)


def photograph(rng, count):
    """
    Mean brightness of a still picture: shot noise, exposure control in steps, 8-bit rounding.
    """
    exposure = np.repeat(np.cumsum(rng.choice([-1, 0, 0, 0, 1], count // 45 + 1)), 45)[:count]
    shot = rng.normal(scale=0.2, size=count)
    return np.round(8 * (120 + exposure + shot)) / 8 / 100


def empty_room(rng, count):
    """
    Daylight that changes slowly, with sensor noise.
    """
    light = np.sin(2 * np.pi * np.arange(count) / FPS / 90)
    return 0.3 * light + rng.normal(scale=0.01, size=count)


def unrest(rng, count):
    """
    Movement without rhythm: a step in place every now and then.
    """
    steps = np.where(rng.random(count) < 1 / 120, rng.normal(size=count), 0.0)
    return np.cumsum(steps) * 0.1 + rng.normal(scale=0.01, size=count)


def flicker(rng, count):
    """
    Mains light of 100 Hz seen at 30 frames a second, which is 10 Hz.
    """
    return 0.1 * np.sin(2 * np.pi * 10.01 * np.arange(count) / FPS) + rng.normal(
        scale=0.02, size=count
    )


LIFELESS = {
    "constant": lambda _rng, count: np.full(count, 0.42),
    "rounding": lambda rng, count: 0.42 + 1e-9 * rng.normal(size=count),
    "ramp": lambda _rng, count: np.linspace(0, 1, count),
    "slow drift": lambda _rng, count: np.sin(2 * np.pi * np.arange(count) / FPS / 120),
    "one step": lambda _rng, count: np.where(np.arange(count) < count // 2, 0.0, 1.0),
    "white noise": lambda rng, count: rng.normal(scale=0.1, size=count),
    "pink noise": pink,
    "brown noise": lambda rng, count: 0.01 * np.cumsum(rng.normal(size=count)),
    "photograph": photograph,
    "empty room": empty_room,
    "unrest": unrest,
    "flicker": flicker,
}
FIXTURES = pytest.mark.parametrize("name", LIFELESS)


@FIXTURES
@KINDS
def test_what_does_not_live_has_no_rate(name, kind):
    """
    In five minutes of it not one rate is given.
    """
    trace = LIFELESS[name](np.random.default_rng(20), COUNT)
    estimator = RateEstimator(kind)

    found = [estimator.add(t, v) for t, v in zip(TIME_S.tolist(), trace.tolist(), strict=True)]

    assert [] == [estimate for estimate in found if estimate is not None]


@pytest.mark.parametrize("name", ["white noise", "pink noise", "photograph", "empty room"])
@KINDS
def test_noise_stays_well_below_the_threshold(name, kind):
    """
    In 500 windows the highest confidence is at least 0.05 below what gives a rate.
    """
    rng = np.random.default_rng(21)
    count = int(kind.window_s * FPS)
    found = [find_rate(TIME_S[:count], LIFELESS[name](rng, count), kind) for _ in range(500)]

    assert max(e.confidence if e else 0.0 for e in found) < kind.least_confidence - 0.05


@FIXTURES
def test_core_says_nothing_of_what_does_not_live(name):
    """
    No rate, no strict rate, no breath, no apnea: there was never breathing that could stop.
    """
    trace = LIFELESS[name](np.random.default_rng(22), 2700).tolist()
    core = Core(
        buffer_duration_s=1.0, source_kind="camera", run_id="r", version="0", clock=ManualClock()
    )
    said = set()
    for n, value in enumerate(trace):
        frame = Frame(n, n / FPS, Signals(pulse=value, upper_breathing=value))
        payload = core.add(frame, 0) or {}
        said |= set(payload.get("pulse", ())) | set(payload.get("breathing", ()))

    assert {"trace", "upper_trace"} == said
