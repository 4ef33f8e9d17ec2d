"""The synthetic person: the same to the bit each time, and like a real one in numbers."""

import itertools
import pickle
import tracemalloc
from functools import cache

import numpy as np
import pytest
from scipy.signal import filtfilt, find_peaks, firwin, welch

from services.physiology_server.sources.noise import Noise
from services.physiology_server.sources.rate_profile import Knot, RateProfile
from services.physiology_server.sources.synthetic_source import BLOCK_FRAMES, SyntheticSource
from tests.support.rounds import rounds

FPS = 30.0
SEEDS = (1, 2, 3)
SLOW_AND_FAST = pytest.mark.parametrize(
    ("seed", "pulse", "breathing"), [(1, 45.0, 6.0), (2, 180.0, 35.0)]
)


def first_frames(source, count):
    return list(itertools.islice(source.frames(), count))


@cache
def traces(seed=1, pulse=72.0, breathing=15.0, minutes=5):
    source = SyntheticSource(seed, FPS, pulse_per_minute=pulse, breathing_per_minute=breathing)
    frames = first_frames(source, int(minutes * 60 * FPS))
    names = ("pulse", "phasic", "upper_breathing", "lower_breathing", "eda", "glutes", "knees")
    names += ("blinking", "talking")
    return {name: np.array([getattr(f.signals, name) for f in frames]) for name in names}


def peak_per_minute(trace, low, high):
    """
    Where Welch's periodogram is highest between two rates per minute.
    """
    frequency_hz, power = welch(trace - trace.mean(), FPS, nperseg=4096, nfft=32768)
    inside = (frequency_hz >= low / 60) & (frequency_hz <= high / 60)
    return 60 * frequency_hz[inside][np.argmax(power[inside])]


def beat_times_s(pulse, pulse_per_minute):
    """
    Times of the systolic peaks, refined between frames by a parabola.
    """
    fastest = 0.6 * 60 / pulse_per_minute * FPS
    at, _ = find_peaks(pulse, prominence=0.1, distance=max(1, fastest))
    before, top, after = pulse[at - 1], pulse[at], pulse[at + 1]
    return (at + 0.5 * (before - after) / (before - 2 * top + after)) / FPS


def mean_beat(pulse, pulse_per_minute):
    """
    One beat from foot to foot, averaged over all, on 200 points.
    """
    feet, _ = find_peaks(-pulse, distance=0.7 * 60 / pulse_per_minute * FPS)
    grid = np.arange(200) / 200
    beats = [
        np.interp(a + grid * (b - a), np.arange(len(pulse)), pulse)
        for a, b in itertools.pairwise(feet)
    ]
    return np.mean(beats, axis=0)


@SLOW_AND_FAST
def test_the_pulse_trace_beats_at_the_rate_asked_for(seed, pulse, breathing):
    """
    Within one beat a minute, by a method that the server does not use.
    """
    found = peak_per_minute(traces(seed, pulse, breathing)["pulse"], 0.7 * pulse, 1.4 * pulse)

    assert pytest.approx(pulse, abs=1.0) == found


@SLOW_AND_FAST
def test_both_breathing_traces_go_at_the_rate_asked_for(seed, pulse, breathing):
    """
    Within half a breath a minute, chest and abdomen alike.
    """
    both = traces(seed, pulse, breathing)
    found = [peak_per_minute(both[name], 3, 60) for name in ("upper_breathing", "lower_breathing")]

    assert pytest.approx([breathing, breathing], abs=0.5) == found


@SLOW_AND_FAST
def test_beats_counted_over_minutes_make_the_rate_asked_for(seed, pulse, breathing):
    """
    Variability never adds up: over five minutes the count is right to half a beat a minute.
    """
    times_s = beat_times_s(traces(seed, pulse, breathing)["pulse"], pulse)

    counted = 60 * (len(times_s) - 1) / (times_s[-1] - times_s[0])

    assert pytest.approx(pulse, abs=0.5) == counted


def test_the_same_seed_gives_the_same_frames_to_the_bit():
    """
    A run can be repeated exactly, years later and on another day.
    """
    count = 10 * BLOCK_FRAMES + 7

    assert first_frames(SyntheticSource(7), count) == first_frames(SyntheticSource(7), count)


def test_another_seed_is_another_person():
    """
    Two rigs with two seeds do not show the same trace.
    """
    one, other = (first_frames(SyntheticSource(seed), 300) for seed in (7, 8))

    assert not any(a.signals.pulse == b.signals.pulse for a, b in zip(one, other, strict=True))


def test_frames_do_not_depend_on_how_and_when_they_are_taken():
    """
    Two iterations at once, in steps of different lengths, give what one alone gives.
    """
    source = SyntheticSource(7)
    alone = first_frames(source, 400)
    slow, fast = source.frames(), source.frames()
    taken_slowly = []
    for step in itertools.cycle((1, 13, 64)):
        taken_slowly += itertools.islice(slow, step)
        list(itertools.islice(fast, 5 * step))
        if len(taken_slowly) >= 400:
            break

    assert alone == taken_slowly[:400]


def test_time_is_index_over_frame_rate_exactly():
    """
    No error adds up from frame to frame.
    """
    frames = first_frames(SyntheticSource(1, fps=29.97), 5000)

    assert [index / 29.97 for index in range(5000)] == [frame.time_s for frame in frames]


def test_a_source_keeps_nothing_of_what_it_has_made():
    """
    It can run for days: the source does not change, and its iterator does not grow.
    """
    source = SyntheticSource(1)
    before = pickle.dumps(source)
    frames = source.frames()
    list(itertools.islice(frames, 30 * BLOCK_FRAMES))
    tracemalloc.start()
    for _ in itertools.islice(frames, rounds(100, 300) * BLOCK_FRAMES):
        pass
    grown_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert before == pickle.dumps(source)
    assert grown_bytes < 100_000


@pytest.mark.parametrize("name", ["upper_breathing", "lower_breathing", "glutes", "knees"])
def test_there_are_no_seams_between_blocks(name):
    """
    From the last frame of a block to the next there is no greater step than anywhere else.
    """
    steps = np.abs(np.diff(traces()[name]))
    seams = np.arange(BLOCK_FRAMES - 1, len(steps), BLOCK_FRAMES)

    assert steps[seams].max() <= np.delete(steps, seams).max()


@pytest.mark.parametrize("fps", [30.0, 23.7])
def test_frames_do_not_depend_on_how_many_are_made_at_a_time(fps):
    """
    To the bit: a session that is made in one go is the one that a server would have sent.
    """
    rate = RateProfile([Knot(0, 72.0), Knot(60, 72.0), Knot(90, 140.0), Knot(150, 72.0)])
    held = RateProfile([Knot(0, 15.0), Knot(60, 15.0), Knot(60, 0.0), Knot(85, 0.0)], 110)
    source = SyntheticSource(3, fps, rate, held)
    count = 200 * BLOCK_FRAMES

    few = first_frames(source, count)

    assert few == list(itertools.islice(source.frames(2 * BLOCK_FRAMES), count))
    assert few == list(itertools.islice(source.frames(64 * BLOCK_FRAMES), count))


def test_after_a_month_it_beats_as_on_the_first_day():
    """
    Time stays exact enough: 30 days on, the trace has the same rate and the same noise.
    """
    source = SyntheticSource(1, FPS)
    month = int(30 * 86_400 * FPS) // BLOCK_FRAMES
    blocks = (source._block(block * BLOCK_FRAMES) for block in range(month, month + 280))

    pulse = np.array([frame.signals.pulse for block in blocks for frame in block])

    assert pytest.approx(72.0, abs=1.0) == peak_per_minute(pulse, 50, 100)
    assert pytest.approx(traces()["pulse"].std(), rel=0.05) == pulse.std()


@pytest.mark.parametrize(
    ("argument", "value"),
    [("fps", 0.0), ("pulse_per_minute", 5.0), ("breathing_per_minute", float("nan"))],
)
def test_a_rate_that_nobody_has_is_refused_by_name(argument, value):
    """
    The message names the setting, the value and what is possible.
    """
    with pytest.raises(ValueError, match=rf"{argument} is {value}: it must be from"):
        SyntheticSource(1, **{argument: value})


@pytest.mark.parametrize("name", ["pulse", "phasic"])
def test_pulse_and_pressure_have_the_height_of_the_real_thing(name):
    """
    Foot to peak about 0.2, nearly all within -0.12 and 0.18.
    """
    low, high = np.percentile(traces()[name], (1, 99))

    assert -0.12 < low < -0.05
    assert 0.1 < high < 0.18


@pytest.mark.parametrize("name", ["upper_breathing", "lower_breathing"])
def test_breathing_has_the_height_of_the_real_thing(name):
    """
    Nine tenths lie within -0.13 and 0.15.
    """
    low, high = np.percentile(traces()[name], (5, 95))

    assert -0.13 < low < -0.06
    assert 0.08 < high < 0.15


@pytest.mark.parametrize("pulse", [50.0, 72.0, 100.0])
def test_a_beat_rises_fast_and_falls_slowly(pulse):
    """
    From foot to systolic peak it takes less than 35 % of the beat.
    """
    beat = mean_beat(traces(2, pulse)["pulse"], pulse)

    assert 0.05 < np.argmax(beat) / len(beat) < 0.35


@pytest.mark.parametrize("pulse", [50.0, 72.0, 100.0])
def test_a_beat_has_a_dicrotic_notch(pulse):
    """
    After the systolic peak there is one lower peak, 8 to 60 % as high above the foot.
    """
    beat = mean_beat(traces(2, pulse)["pulse"], pulse)
    beat = (beat - beat.min()) / np.ptp(beat)
    peaks, _ = find_peaks(beat, prominence=0.02)

    assert 2 == len(peaks)
    assert 0.08 < beat[peaks[1]] < 0.6


def test_heart_rate_variability_is_that_of_a_calm_adult():
    """
    Deviation of the beat intervals (SDNN) 15 to 80 ms, of their differences (RMSSD) 10 to 80 ms.
    """
    intervals_ms = 1000 * np.diff(beat_times_s(traces()["pulse"], 72.0))

    assert 15 < intervals_ms.std() < 80
    assert 10 < np.sqrt(np.mean(np.diff(intervals_ms) ** 2)) < 80


def test_the_heart_beats_faster_in_than_out():
    """
    Respiratory sinus arrhythmia: intervals go with the breath, at the breath's frequency.
    """
    times_s = beat_times_s(traces(minutes=10)["pulse"], 72.0)
    even_s = np.arange(times_s[1], times_s[-1], 0.25)
    intervals = np.interp(even_s, times_s[1:], np.diff(times_s))
    frequency_hz, power = welch(intervals - intervals.mean(), 4.0, nperseg=512)
    high = (frequency_hz > 0.15) & (frequency_hz < 0.4)

    assert pytest.approx(0.25, abs=0.02) == frequency_hz[high][np.argmax(power[high])]


def test_pressure_comes_after_the_pulse_in_the_skin():
    """
    It lags by 30 to 170 ms.
    """
    both = traces()
    pulse, phasic = both["pulse"] - both["pulse"].mean(), both["phasic"] - both["phasic"].mean()
    match = [np.dot(pulse[:-10], phasic[lag : len(phasic) - 10 + lag]) for lag in range(11)]

    assert 0.03 < np.argmax(match) / FPS < 0.17


def test_pressure_has_mayer_waves():
    """
    Slower than breathing there is a wave of about 0.1 Hz.
    """
    slow = filtfilt(firwin(301, 0.18, fs=FPS), 1.0, traces(minutes=10)["phasic"])

    assert pytest.approx(6.0, abs=1.0) == peak_per_minute(slow, 3.0, 11.0)


def test_breathing_out_takes_longer_than_breathing_in():
    """
    Inspiration to expiration is about 1 to 1.5.
    """
    chest = traces()["upper_breathing"]
    chest = filtfilt(firwin(31, 2.0, fs=FPS), 1.0, chest)
    tops, _ = find_peaks(chest, prominence=0.06)
    bottoms, _ = find_peaks(-chest, prominence=0.06)
    before = bottoms[np.searchsorted(bottoms, tops[1:-1]) - 1]
    after = bottoms[np.searchsorted(bottoms, tops[1:-1])]

    assert 1.2 < np.median((after - tops[1:-1]) / (tops[1:-1] - before)) < 1.9


def test_chest_and_abdomen_breathe_together():
    """
    No paradoxical breathing: they agree to more than 0.95.
    """
    both = traces()

    assert np.corrcoef(both["upper_breathing"], both["lower_breathing"])[0, 1] > 0.95


def test_skin_conductance_drifts_slowly_and_responds_quickly():
    """
    Never negative; the steepest rise is at least three times as steep as the steepest fall.
    """
    eda = filtfilt(firwin(31, 1.0, fs=FPS), 1.0, traces(minutes=10)["eda"])
    slope = np.diff(eda)

    assert eda.min() > 0.1
    assert eda.max() < 1.0
    assert slope.max() > 3 * -slope.min()


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_some_skin_conductance_responses_a_minute(seed):
    """
    Half a response to six a minute, as in people at rest.
    """
    eda = filtfilt(firwin(31, 1.0, fs=FPS), 1.0, traces(seed, minutes=10)["eda"])
    onsets, _ = find_peaks(np.diff(eda) * FPS, height=0.006, distance=int(FPS))

    assert 0.5 < len(onsets) / 10 < 6


@pytest.mark.parametrize("name", ["glutes", "knees"])
def test_a_resting_person_sways_and_now_and_then_moves(name):
    """
    Mostly below 0.05, with a few bursts of twice the usual size, none beyond 0.3.
    """
    motion = np.abs(traces(minutes=10)[name])

    assert np.percentile(motion, 95) < 0.05
    assert 2 * np.percentile(motion, 95) < motion.max() < 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_eyes_blink_some_thirteen_times_a_minute(seed):
    """
    Eight to twenty blinks a minute.
    """
    blinking = traces(seed, minutes=10)["blinking"]

    assert 8 < np.count_nonzero(np.diff(blinking.astype(int)) > 0) / 10 < 20


def a_profile(*knots, repeat_s=None):
    return RateProfile([Knot(*knot) for knot in knots], repeat_s)


COURSES = {
    "ramp": a_profile((10, 60), (40, 120)),
    "ramp_and_back": a_profile((5, 72), (20, 150), (30, 150), (45, 72)),
    "step": a_profile((0, 15), (20, 15), (20, 0), (35, 0), (35, 15)),
    "repeated": a_profile((0, 72), (5, 72), (10, 120), (20, 72), repeat_s=24),
    "repeated_step": a_profile((0, 15), (10, 15), (10, 0), repeat_s=16),
}


@pytest.mark.parametrize("name", COURSES)
def test_the_phase_is_the_integral_of_the_rate(name):
    """
    In closed form, and equal to what adding up small steps gives.
    """
    course = COURSES[name]
    step_s = 1e-3
    middle_s = np.arange(0, 100, step_s) + step_s / 2
    added = np.cumsum(course.hz(middle_s)) * step_s

    assert pytest.approx(added, abs=0.01) == course.cycles(middle_s + step_s / 2)


@pytest.mark.parametrize("name", COURSES)
def test_the_phase_can_be_had_for_any_time_alone(name):
    """
    It does not depend on which times were asked for before, or with it.
    """
    course = COURSES[name]
    time_s = np.arange(0, 100, 0.37)

    alone = [course.cycles(np.array([at_s]))[0] for at_s in time_s]

    assert alone == course.cycles(time_s).tolist()


def test_a_constant_course_is_the_constant():
    """
    To the bit: who asks for 72 beats gets the person of 72 beats, however it is said.
    """
    courses = (72.0, RateProfile.constant(72.0), a_profile((0, 72), (10, 72), repeat_s=20))
    frames = [first_frames(SyntheticSource(3, pulse_per_minute=c), 200) for c in courses]

    assert frames[0] == frames[1] == frames[2]


@pytest.mark.parametrize("knots", [[], [(5, 60), (4, 60)], [(-1, 60)], [(0, 60), (31, 70)]])
def test_a_course_out_of_order_is_refused(knots):
    """
    Also one that goes on behind its end.
    """
    with pytest.raises(ValueError, match="knot"):
        a_profile(*knots, repeat_s=30)


def test_the_pulse_follows_its_course():
    """
    Beats counted between two times are the integral of the rate between them.
    """
    course = a_profile((30, 60), (90, 140), (150, 140), (180, 60))
    source = SyntheticSource(2, FPS, pulse_per_minute=course)
    pulse = np.array([frame.signals.pulse for frame in first_frames(source, 6300)])
    beats_s = beat_times_s(pulse, 140)

    for first_s, last_s in ((0, 30), (40, 80), (100, 140), (155, 175)):
        asked = np.diff(course.cycles(np.array([first_s, last_s], dtype=float)))[0]
        assert pytest.approx(asked, abs=1.5) == np.sum((beats_s > first_s) & (beats_s < last_s))


def test_a_held_breath_stands_still_and_the_pulse_goes_on():
    """
    The chest moves by less than a tenth of a breath, and there are as many beats as ever.
    """
    held = a_profile((0, 15), (60, 15), (60, 0), (90, 0), (90, 15))
    frames = first_frames(SyntheticSource(1, FPS, breathing_per_minute=held), 3600)
    chest = np.array([frame.signals.upper_breathing for frame in frames])
    pulse = np.array([frame.signals.pulse for frame in frames])

    assert np.ptp(chest[1800:2700]) < 0.1 * np.ptp(chest[:1800])
    assert np.ptp(chest[2800:]) > 0.5 * np.ptp(chest[:1800])
    assert pytest.approx(36, abs=1.5) == len(beat_times_s(pulse[1800:2700], 72.0))


def test_a_changing_rate_makes_no_jump_in_the_trace():
    """
    Neither where its course bends nor where it steps.
    """
    course = a_profile((0, 60), (20, 60), (20, 120), (40, 120), (60, 60))
    changing, fast = (
        [f.signals.pulse for f in first_frames(SyntheticSource(1, pulse_per_minute=rate), 2400)]
        for rate in (course, 120.0)
    )

    assert np.abs(np.diff(changing)).max() <= 1.2 * np.abs(np.diff(fast)).max()


@pytest.mark.parametrize(
    ("pulse", "breathing"),
    [(a_profile((0, 72), (10, 0)), 15.0), (72.0, a_profile((0, 0), (10, 15)))],
)
def test_nobody_lives_without_a_pulse_or_begins_without_a_breath(pulse, breathing):
    """
    A breath may be held, after it has been drawn.
    """
    with pytest.raises(ValueError, match="is 0: it must be from"):
        SyntheticSource(1, pulse_per_minute=pulse, breathing_per_minute=breathing)


def test_one_number_is_that_of_the_array():
    """
    The short way to a random number gives the same number.
    """
    noise = Noise(7, "name")
    counters = [0, 1, 2, 1000, 2**31, 2**40]

    assert noise.uniform(np.array(counters)).tolist() == [noise.chance(n) for n in counters]


def with_other_rates(at_s, seconds, pulse, breathing):
    """The frames of a person whose courses are others from about *at_s* on."""
    source = SyntheticSource(2, FPS, RateProfile.constant(60.0), RateProfile.constant(12.0))
    frames = []
    for frame in itertools.islice(source.frames(), round(seconds * FPS)):
        frames.append(frame)
        if frame.index == round(at_s * FPS):
            source.change_rates(pulse, breathing)
    return frames


def trace_of(frames, name):
    return np.array([getattr(frame.signals, name) for frame in frames])


@pytest.mark.parametrize("since_s", [10.0, 60.0])
def test_a_course_that_is_changed_goes_on_where_the_old_one_was(since_s):
    """
    No beat and no breath jumps, also where the new course says that it was so for long.
    """
    pulse = a_profile((0, 60), (since_s, 60), (since_s, 100))
    breathing = a_profile((0, 12), (since_s, 12), (since_s, 24))
    frames = with_other_rates(60, 120, pulse, breathing)
    usual = first_frames(SyntheticSource(2, FPS, 100.0, 24.0), 3600)

    for name in ("pulse", "upper_breathing", "lower_breathing", "phasic"):
        steps = np.abs(np.diff(trace_of(frames, name)))
        assert steps[1700:2000].max() < 1.5 * np.abs(np.diff(trace_of(usual, name))).max()


def test_a_course_that_is_changed_holds_from_the_next_block_on():
    """
    Until then every frame is what it would have been.
    """
    same = first_frames(SyntheticSource(2, FPS, 60.0, 12.0), 3600)
    frames = with_other_rates(
        60, 120, a_profile((0, 60), (60, 60), (60, 100)), a_profile((0, 12), (60, 12), (60, 24))
    )
    changed = next(n for n, (a, b) in enumerate(zip(same, frames, strict=True)) if a != b)
    beats_s = beat_times_s(trace_of(frames, "pulse"), 110)

    assert 0 == changed % BLOCK_FRAMES
    assert 1800 < changed <= 1800 + BLOCK_FRAMES
    assert pytest.approx(50, abs=1.5) == np.sum((beats_s > 70) & (beats_s < 100))


def test_a_changed_course_of_nobody_alive_is_refused():
    """
    As at the start.
    """
    source = SyntheticSource(1)

    with pytest.raises(ValueError, match="pulse_per_minute is 300"):
        source.change_rates(RateProfile.constant(300.0), RateProfile.constant(15.0))
