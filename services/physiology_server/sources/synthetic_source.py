"""A person made of arithmetic: seeded, reproducible to the bit, and never to be taken for real."""

from collections.abc import Iterator
from itertools import count

import numpy as np
from numpy.typing import NDArray

from services.physiology_server.signals.frame import Frame, Signals, SourceKind
from services.physiology_server.sources.noise import Noise
from services.physiology_server.sources.rate_profile import RateProfile
from services.physiology_server.sources.waveforms import (
    Wave,
    WaveFamily,
    breath_wave,
    pressure_wave,
    pulse_wave,
)

Floats = NDArray[np.float64]
Counters = NDArray[np.int64]

# Frames made at a time. Sums over what happened before, whose last bit depends on how many there
# are, are made for so many at a time whoever asks.
BLOCK_FRAMES = 32

PULSE_RANGE_PER_MINUTE = (30.0, 220.0)
BREATHING_RANGE_PER_MINUTE = (3.0, 60.0)

_REST_PULSE_PER_MINUTE = 72.0
_MAYER_HZ = 0.1
_PRESSURE_DELAY_S = 0.07
# How likely it is that something happens, in each breath or each stretch of time.
_SIGHS_PER_BREATH = 1 / 75
_RESPONSES_PER_5_S = 0.18
_BURSTS_PER_8_S = 0.12
_BLINKS_PER_4_S = 0.87
_TALKS_PER_60_S = 1 / 3
_NAMES = (
    "beat_jitter", "pulse_wander", "pulse_depth", "pulse_baseline", "pulse_noise",
    "mayer", "mayer_depth", "pressure_noise",
    "breath_jitter", "breath_wander", "breath_depth", "sigh", "upper_baseline", "lower_baseline",
    "upper_noise", "lower_noise",
    "tonic", "tonic_fast", "response", "response_onset", "response_size", "eda_noise",
    "sway", "glutes", "knees", "burst", "burst_onset", "burst_size", "burst_shape", "motion_noise",
    "blink", "blink_onset", "blink_length", "talk", "talk_onset", "talk_length",
)  # fmt: skip


class SyntheticSource:
    """
    A resting person with a pulse, a breath, a skin and some unrest, at the rates asked for.

    Every value is a function of seed, parameters and frame index alone: there is no state, so
    memory does not grow and any number of iterations agree to the bit. Rates vary from beat to
    beat and from breath to breath, but the phase never strays further than a fraction of a cycle
    from that of the asked rate, so that over minutes the rate is the asked one exactly. This is
    so for a rate that changes over time, too: the phase is the integral of the asked rate.

    Only `change_rates`, for a course that is not known beforehand, makes an iteration different
    from the one before.

    Args:
        seed: Which person; each seed is another.
        fps: Frames per second.
        pulse_per_minute: Mean pulse rate, or its course.
        breathing_per_minute: Mean breathing rate, or its course; at 0 the breath is held.

    Raises:
        ValueError: If a rate is not one of a living adult, or *fps* not one of a camera.
    """

    kind: SourceKind = "synthetic"

    def __init__(
        self,
        seed: int,
        fps: float = 30.0,
        pulse_per_minute: float | RateProfile = 72.0,
        breathing_per_minute: float | RateProfile = 15.0,
    ) -> None:
        _check("fps", fps, (1.0, 1000.0))
        self.seed = seed
        self.fps = fps
        self._pulse_rate = _profile("pulse_per_minute", pulse_per_minute, PULSE_RANGE_PER_MINUTE)
        self._breathing_rate = _profile(
            "breathing_per_minute", breathing_per_minute, BREATHING_RANGE_PER_MINUTE, can_stop=True
        )
        self._noise = {name: Noise(seed, name) for name in _NAMES}
        self._draw_beats()
        self._breath_wave: Wave = breath_wave()
        self._changed: tuple[RateProfile, RateProfile] | None = None

    def frames(self, block_frames: int = BLOCK_FRAMES) -> Iterator[Frame]:
        """
        Yield frame 0, 1, 2 and so on without end.

        Args:
            block_frames: How many are made at a time, a multiple of BLOCK_FRAMES. Many cost less
                each, and the first of them comes later; they are the same.
        """
        for first in count(0, block_frames):
            self._take_changed_rates(first / self.fps)
            yield from self._block(first, block_frames)

    def change_rates(
        self, pulse_per_minute: RateProfile, breathing_per_minute: RateProfile
    ) -> None:
        """
        Let other courses hold from the next block of frames on, about a second from now.

        No beat or breath jumps: the phase goes on from where it is by then.

        Raises:
            ValueError: If a rate is not one of a living adult.
        """
        self._changed = (
            _profile("pulse_per_minute", pulse_per_minute, PULSE_RANGE_PER_MINUTE),
            _profile(
                "breathing_per_minute",
                breathing_per_minute,
                BREATHING_RANGE_PER_MINUTE,
                can_stop=True,
            ),
        )

    def _take_changed_rates(self, at_s: float) -> None:
        if self._changed is None:
            return
        pulse, breathing = self._changed
        self._changed = None
        self._pulse_rate = pulse.following(self._pulse_rate, at_s)
        self._breathing_rate = breathing.following(self._breathing_rate, at_s)
        self._draw_beats()

    def _draw_beats(self) -> None:
        """
        Draw the shapes of beats at all rates that there are.
        """
        rates_hz = [rate / 60 for rate in self._pulse_rate.rates_per_minute]
        self._pulse_wave = WaveFamily(pulse_wave, min(rates_hz), max(rates_hz))
        self._pressure_wave = WaveFamily(pressure_wave, min(rates_hz), max(rates_hz))

    def _block(self, first: int, frames: int = BLOCK_FRAMES) -> Iterator[Frame]:
        index = np.arange(first, first + frames)
        time_s = index / self.fps
        breath = self._breath_phase(time_s)
        mayer = self._mayer(time_s)
        pulse_hz = self._pulse_rate.hz(time_s)
        beat = self._beat_phase(time_s, pulse_hz, breath, mayer)
        chest, abdomen, drive = self._breathing(index, time_s, breath)
        pulse = self._pulse(index, time_s, self._pulse_wave.at(beat, pulse_hz), drive)
        late = self._pressure_wave.at(beat - _PRESSURE_DELAY_S * pulse_hz, pulse_hz)
        phasic = self._phasic(index, time_s, late, drive, mayer)
        glutes, knees = self._motion(index, time_s, pulse, drive)
        columns = zip(
            index.tolist(),
            time_s.tolist(),
            pulse.tolist(),
            phasic.tolist(),
            (chest + 0.012 * pulse).tolist(),
            abdomen.tolist(),
            self._eda(index, time_s).tolist(),
            glutes.tolist(),
            knees.tolist(),
            self._blinking(time_s).tolist(),
            self._talking(time_s).tolist(),
            strict=True,
        )
        for number, seconds, *values in columns:
            yield Frame(number, seconds, Signals(*values))

    def _breath_phase(self, time_s: Floats) -> Floats:
        """
        Breaths since the start. Each breath is a little longer or shorter than the mean one.
        """
        mean = self._breathing_rate.cycles(time_s)
        phase = mean + 0.018 * self._noise["breath_jitter"].smooth(mean / 1.3)
        phase += 0.05 * self._noise["breath_wander"].smooth(mean / 5)
        return phase

    def _mayer(self, time_s: Floats) -> Floats:
        """
        Phase of the slow waves of arterial pressure, about 0.1 Hz, in cycles.
        """
        phase: Floats = time_s * _MAYER_HZ + 0.1 * self._noise["mayer"].smooth(time_s / 15)
        return phase

    def _beat_phase(
        self, time_s: Floats, pulse_hz: Floats, breath: Floats, mayer: Floats
    ) -> Floats:
        """
        Beats since the start, with respiratory sinus arrhythmia, Mayer waves and jitter.

        The heart is fastest at the end of inspiration. A frequency modulation of relative depth
        m at frequency f is a phase modulation of m * rate / (2 pi f) cycles. Fast hearts vary less.
        Where breathing changes, f stays that of its first rate: a held breath must not divide by 0.
        """
        calm = np.minimum(1.0, _REST_PULSE_PER_MINUTE / 60 / pulse_hz)
        swing = calm * pulse_hz / (2 * np.pi)
        phase: Floats = self._pulse_rate.cycles(time_s)
        phase = phase + 0.030 * swing / self._breathing_rate.first_hz * _sine(breath - 0.3)
        phase += 0.014 * swing / _MAYER_HZ * _sine(mayer)
        phase += 0.05 * calm * self._noise["pulse_wander"].smooth(time_s / 25)
        phase += 0.008 * self._noise["beat_jitter"].smooth(time_s / 0.7)
        return phase

    def _breathing(
        self, index: Counters, time_s: Floats, breath: Floats
    ) -> tuple[Floats, Floats, Floats]:
        """
        Chest, abdomen, and the drive behind both (about -0.4 to 0.6), which moves other signals.
        """
        drive = self._lungs(breath)
        chest = 0.19 * drive + 0.006 * self._noise["upper_baseline"].smooth(time_s / 12)
        chest += 0.0015 * self._noise["upper_noise"].normal(index)
        # The abdomen leads the chest a little in quiet breathing, and moves more.
        abdomen = 0.22 * self._lungs(breath + 0.02)
        abdomen += 0.008 * self._noise["lower_baseline"].smooth(time_s / 15)
        abdomen += 0.002 * self._noise["lower_noise"].normal(index)
        return chest, abdomen, drive

    def _lungs(self, breath: Floats) -> Floats:
        """
        How full they are: each breath has a depth of its own, and now and then one is a sigh.
        """
        number = np.floor(breath).astype(np.int64)
        depth = 1 + 0.09 * self._noise["breath_depth"].normal(number)
        depth += 0.7 * (self._noise["sigh"].uniform(number) < _SIGHS_PER_BREATH)
        full: Floats = depth * self._breath_wave.at(breath) - 0.45
        return full

    def _pulse(self, index: Counters, time_s: Floats, beat: Floats, drive: Floats) -> Floats:
        """
        Blood in the skin, of *beat*, the shape of the beats alone.
        """
        depth = 0.21 * (1 - 0.10 * drive + 0.05 * self._noise["pulse_depth"].smooth(time_s / 8))
        pulse = depth * beat
        pulse -= 0.012 * drive
        pulse += 0.006 * self._noise["pulse_baseline"].smooth(time_s / 10)
        pulse += 0.004 * self._noise["pulse_noise"].normal(index)
        return pulse

    def _phasic(
        self, index: Counters, time_s: Floats, beat: Floats, drive: Floats, mayer: Floats
    ) -> Floats:
        """
        Arterial pressure, of *beat*, the shape of the beats alone.
        """
        height = 1 + 0.04 * self._noise["mayer_depth"].smooth(time_s / 9)
        phasic = 0.20 * height * beat
        phasic += 0.016 * _sine(mayer - 0.2) - 0.014 * drive
        phasic += 0.002 * self._noise["pressure_noise"].normal(index)
        return phasic

    def _eda(self, index: Counters, time_s: Floats) -> Floats:
        """
        A tonic level in slow drift, and a few responses a minute: up in 1 to 2 s, slowly down.
        """
        level = 0.42 + 0.04 * self._noise["tonic"].smooth(time_s / 60)
        level += 0.006 * self._noise["tonic_fast"].smooth(time_s / 12)
        cell = np.arange(int(time_s[0] // 5) - 8, int(time_s[-1] // 5) + 1)
        cell = cell[self._noise["response"].uniform(cell) < _RESPONSES_PER_5_S]
        onset_s = 5 * (cell + self._noise["response_onset"].uniform(cell))
        size = 0.02 + 0.09 * self._noise["response_size"].uniform(cell) ** 2
        for rows, near in _near(time_s, cell, 5, 8, 1):
            since_s = np.maximum(time_s[rows, None] - onset_s[near], 0.0)
            level[rows] += 1.9 * (np.exp(-since_s / 5.0) - np.exp(-since_s / 0.9)) @ size[near]
        level += 0.0006 * self._noise["eda_noise"].normal(index)
        return np.maximum(level, 0.0)

    def _motion(
        self, index: Counters, time_s: Floats, pulse: Floats, drive: Floats
    ) -> tuple[Floats, Floats]:
        """
        Glutes and knees: sway, what pulse and breath move, and now and then a shift of weight.
        """
        noise = self._noise
        sway = 0.010 * noise["sway"].smooth(time_s / 3)
        cell = np.arange(int(time_s[0] // 8) - 1, int(time_s[-1] // 8) + 2)
        cell = cell[noise["burst"].uniform(cell) < _BURSTS_PER_8_S]
        onset_s = 8 * (cell + noise["burst_onset"].uniform(cell))
        size = 0.02 + 0.06 * noise["burst_size"].uniform(cell)
        burst = np.zeros_like(time_s)
        for rows, near in _near(time_s, cell, 8, 1, 2):
            burst[rows] = np.exp(-(((time_s[rows, None] - onset_s[near]) / 0.45) ** 2)) @ size[near]
        burst *= noise["burst_shape"].smooth(time_s / 0.22)
        glutes = 0.7 * sway + 0.004 * noise["glutes"].smooth(time_s / 0.8)
        glutes += 0.7 * burst + 0.012 * drive + 0.010 * pulse
        knees = sway + 0.006 * noise["knees"].smooth(time_s / 0.6) + burst + 0.003 * drive
        glutes += 0.0008 * noise["motion_noise"].normal(2 * index)
        knees += 0.0008 * noise["motion_noise"].normal(2 * index + 1)
        return glutes, knees

    def _blinking(self, time_s: Floats) -> NDArray[np.bool_]:
        """
        Some 13 blinks a minute, of 0.1 to 0.25 s.
        """
        cell = np.floor(time_s / 4).astype(np.int64)
        start_s = 4 * cell + 3.7 * self._noise["blink_onset"].uniform(cell)
        length_s = 0.10 + 0.15 * self._noise["blink_length"].uniform(cell)
        happens = self._noise["blink"].uniform(cell) < _BLINKS_PER_4_S
        return happens & (start_s <= time_s) & (time_s < start_s + length_s)

    def _talking(self, time_s: Floats) -> NDArray[np.bool_]:
        """
        A sentence of 2 to 8 s about every third minute.
        """
        cell = np.floor(time_s / 60).astype(np.int64)
        start_s = 60 * cell + 50 * self._noise["talk_onset"].uniform(cell)
        length_s = 2 + 6 * self._noise["talk_length"].uniform(cell)
        happens = self._noise["talk"].uniform(cell) < _TALKS_PER_60_S
        return happens & (start_s <= time_s) & (time_s < start_s + length_s)


def _near(
    time_s: Floats, cells: Counters, cell_s: int, before: int, behind: int
) -> Iterator[tuple[slice, slice]]:
    """
    The frames, BLOCK_FRAMES at a time, with those of *cells* that have to do with them, if any.

    Args:
        time_s: The frames' times.
        cells: The stretches of time in which something happens.
        cell_s: How long a stretch is.
        before: From how many stretches before those of the frames on.
        behind: Up to how many behind them, and not that one.
    """
    first = (time_s[::BLOCK_FRAMES] // cell_s).astype(np.int64) - before
    last = (time_s[BLOCK_FRAMES - 1 :: BLOCK_FRAMES] // cell_s).astype(np.int64) + behind
    starts, ends = np.searchsorted(cells, first).tolist(), np.searchsorted(cells, last).tolist()
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if start < end:
            at = number * BLOCK_FRAMES
            yield slice(at, at + BLOCK_FRAMES), slice(start, end)


def _sine(phase: Floats) -> Floats:
    wave: Floats = np.sin(2 * np.pi * (phase - np.floor(phase)))
    return wave


def _profile(
    name: str, rate: float | RateProfile, limits: tuple[float, float], *, can_stop: bool = False
) -> RateProfile:
    profile = rate if isinstance(rate, RateProfile) else RateProfile.constant(rate)
    for number, per_minute in enumerate(profile.rates_per_minute):
        # The first one is what variability is measured by, so there must be one.
        if per_minute or not number or not can_stop:
            _check(name, per_minute, limits)
    return profile


def _check(name: str, value: float, limits: tuple[float, float]) -> None:
    low, high = limits
    if not low <= value <= high:
        raise ValueError(f"{name} is {value}: it must be from {low:g} to {high:g}")
