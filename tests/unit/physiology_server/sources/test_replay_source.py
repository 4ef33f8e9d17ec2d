"""The real recording, played in its own time."""

import asyncio
import itertools
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import find_peaks, welch

from services.physiology_server.captures.paced_capture import PacedCapture
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.signals.frame import Signals
from services.physiology_server.signals.rate_estimator import BREATHING, PULSE, RateEstimator
from services.physiology_server.sources.replay_source import JOINT_S, LONGEST_GAP_S, ReplaySource
from tests.support.heard_events import HeardEvents
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats

RECORDING = Path(__file__).parents[4] / "samples" / "data" / "rest_ppg_resp_40hz.csv"
FPS = 30.0


@cache
def recording():
    return tuple(ReplaySource.from_csv(RECORDING, loop=False).frames())


def a_csv(folder, *lines):
    path = folder / "recording.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def a_ramp(seconds=10, skip=()):
    """
    A recording at 10 Hz whose pulse is the time itself and whose breathing is half of it.
    """
    time_s = np.array([n / 10 for n in range(seconds * 10 + 1) if n not in skip])
    return time_s, time_s, time_s / 2


def rates(kind, name):
    estimator = RateEstimator(kind)
    found = [estimator.add(f.time_s, getattr(f.signals, name)) for f in recording()]
    return [estimate.rate_per_minute for estimate in found if estimate is not None]


def welch_peak(name, low, high):
    trace = np.array([getattr(frame.signals, name) for frame in recording()])
    frequency_hz, power = welch(trace - trace.mean(), FPS, nperseg=6144)
    inside = (frequency_hz > low / 60) & (frequency_hz < high / 60)
    return 60 * frequency_hz[inside][np.argmax(power[inside])]


def test_the_recording_has_its_68_beats_a_minute():
    """
    The estimator's median over ten minutes is that of Welch's peak, to 1.5 beats a minute.
    """
    assert pytest.approx(68.0, abs=1.0) == welch_peak("pulse", 40, 120)
    assert pytest.approx(welch_peak("pulse", 40, 120), abs=1.5) == np.median(rates(PULSE, "pulse"))


def test_the_recording_has_its_14_breaths_a_minute():
    """
    The estimator's median over ten minutes is that of Welch's peak, to one breath a minute.
    """
    found = np.median(rates(BREATHING, "upper_breathing"))

    assert pytest.approx(14.0, abs=0.5) == welch_peak("upper_breathing", 8, 30)
    assert pytest.approx(welch_peak("upper_breathing", 8, 30), abs=1.0) == found


def test_breaths_of_uneven_depth_are_not_halved():
    """
    In 19 of 20 seconds the rate is within a fifth of what counting the breaths gives.
    """
    trace = np.array([frame.signals.upper_breathing for frame in recording()])
    tops_s = find_peaks(trace, prominence=0.02, distance=FPS)[0] / FPS
    estimator = RateEstimator(BREATHING)
    wrong, all_ = 0, 0
    for frame in recording():
        found = estimator.add(frame.time_s, frame.signals.upper_breathing)
        if found is not None:
            seen_s = tops_s[(tops_s > frame.time_s - 30) & (tops_s <= frame.time_s)]
            counted = 60 * (len(seen_s) - 1) / (seen_s[-1] - seen_s[0])
            wrong += abs(found.rate_per_minute - counted) > counted / 5
            all_ += 1

    assert wrong / all_ < 0.05


@pytest.mark.parametrize(
    ("kind", "name", "share"),
    [(PULSE, "pulse", 0.9), (BREATHING, "upper_breathing", 0.9)],
    ids=["pulse", "breathing"],
)
def test_nearly_every_second_of_the_recording_has_a_rate(kind, name, share):
    """
    The gate that refuses photographs lets a person through: nine times in ten at least.
    """
    assert len(rates(kind, name)) > share * (600 - kind.first_after_s)


def test_only_what_was_recorded_is_given():
    """
    No abdomen, no pressure, no skin, no motion, no face.
    """
    frame = recording()[1000]
    there = Signals(pulse=frame.signals.pulse, upper_breathing=frame.signals.upper_breathing)

    assert there == frame.signals


def test_signals_have_the_height_that_readers_expect():
    """
    The middle 98 % of the pulse span 0.3, of breathing 0.24, around zero.
    """
    pulse = np.percentile([f.signals.pulse for f in recording()], (1, 99))
    chest = np.percentile([f.signals.upper_breathing for f in recording()], (1, 99))

    assert pytest.approx([-0.15, 0.15], abs=0.005) == list(pulse)
    assert pytest.approx([-0.12, 0.12], abs=0.005) == list(chest)


def test_without_a_loop_it_ends_with_the_last_row():
    """
    Ten minutes at 30 frames a second, none of them made up.
    """
    assert 18_000 == len(recording())
    assert 599.9 < recording()[-1].time_s <= 599.975


def test_frames_lie_on_the_recorded_time_base():
    """
    A frame between two rows has the value between them, at the time between them.
    """
    frames = list(ReplaySource(*a_ramp(), fps=25.0, loop=False).frames())
    pulse = np.array([frame.signals.pulse for frame in frames])
    time_s = np.array([frame.time_s for frame in frames])

    assert [n / 25 for n in range(251)] == list(time_s)
    assert pytest.approx(1.0) == np.corrcoef(pulse, time_s)[0, 1]


def test_a_recording_that_does_not_begin_at_zero_begins_at_zero():
    """
    Time is counted from the first row.
    """
    time_s, ppg, resp = a_ramp()
    later = list(ReplaySource(time_s + 1e6, ppg, resp, loop=False).frames())
    plain = list(ReplaySource(time_s, ppg, resp, loop=False).frames())

    assert len(plain) - 1 <= len(later) <= len(plain)
    assert [f.time_s for f in plain[:290]] == [f.time_s for f in later[:290]]
    assert pytest.approx([f.signals.pulse for f in plain[:290]]) == [
        f.signals.pulse for f in later[:290]
    ]


def test_frames_are_the_same_however_they_are_taken():
    """
    Replay is deterministic to the bit.
    """
    source = ReplaySource.from_csv(RECORDING)

    one, other = (list(itertools.islice(source.frames(), 20_000)) for _ in range(2))

    assert one == other


def test_time_runs_on_when_the_recording_begins_again():
    """
    Each frame is one frame later than the one before, and indices have no hole.
    """
    frames = list(itertools.islice(ReplaySource(*a_ramp()).frames(), 2000))

    assert [n / FPS for n in range(2000)] == [frame.time_s for frame in frames]
    assert list(range(2000)) == [frame.index for frame in frames]


def test_the_joint_of_a_loop_has_no_jump():
    """
    The ramp goes from its top to its bottom in a second, not from one frame to the next.
    """
    frames = itertools.islice(ReplaySource(*a_ramp()).frames(), 2000)
    pulse = np.array([frame.signals.pulse for frame in frames])

    assert np.abs(np.diff(pulse)).max() < 1.2 * np.ptp(pulse) / (JOINT_S * FPS)


def test_the_joint_of_a_loop_is_not_stable():
    """
    One second of frames in each turn but the first, and nothing else.
    """
    frames = list(itertools.islice(ReplaySource(*a_ramp()).frames(), int(27 * FPS)))

    unstable = [frame.time_s for frame in frames if not frame.stable]

    joints = [n / FPS for turn in (9, 18) for n in range(turn * 30, turn * 30 + 30)]
    assert pytest.approx(joints) == unstable


def test_the_first_turn_of_a_loop_is_the_recording_as_it_is():
    """
    Up to the joint a looped replay equals one that ends.
    """
    looped = itertools.islice(ReplaySource.from_csv(RECORDING).frames(), 17_900)

    assert list(recording()[:17_900]) == list(looped)


def test_where_nothing_was_recorded_nothing_is_given():
    """
    In a hole of the recording frames have no signals, and are not stable.
    """
    frames = list(ReplaySource(*a_ramp(skip=range(31, 40)), loop=False).frames())

    empty = [f.time_s for f in frames if f.signals == Signals()]

    assert LONGEST_GAP_S < 0.9
    assert 3.0 < empty[0] < empty[-1] < 4.0
    assert 29 == len(empty)
    assert not any(f.stable for f in frames if f.signals == Signals())


def test_columns_are_found_by_name(tmp_path):
    """
    Their order does not matter, nor do others beside them, nor empty lines.
    """
    mixed = a_csv(
        tmp_path, "resp,note,time_s, ppg", *(f"{n % 7},x,{n},{n % 5}" for n in range(9)), ""
    )
    frames = list(ReplaySource.from_csv(mixed, loop=False).frames())
    plain = a_csv(tmp_path, "time_s,ppg,resp", *(f"{n},{n % 5},{n % 7}" for n in range(9)))

    assert list(ReplaySource.from_csv(plain, loop=False).frames()) == frames


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], r"recording\.csv, line 1: no column time_s, ppg, resp in the header \(empty\)"),
        (["time_s,ppg", "0,1"], r"line 1: no column resp in the header time_s,ppg: name the"),
        (["time_s,ppg,resp", "0,1,2", "0.1,x,2"], r"line 3: ppg is 'x', which is not a number:"),
        (["time_s,ppg,resp", "0,1,2", "0.1,1"], r"line 3: resp is '', which is not a number"),
        (["time_s,ppg,resp", "0,1,nan"], r"line 2: resp is 'nan', which is not a number"),
        (["time_s,ppg,resp", "1,1,2", "1,1,2"], r"line 3: time_s 1 is not later than 1 before it"),
        (["time_s,ppg,resp", "1,1,2", "0,1,2"], r"line 3: time_s 0 is not later than 1.*: sort"),
        (["time_s,ppg,resp"], r"recording\.csv: less than 1 s of rows: record more"),
        (["time_s,ppg,resp", "0,1,2", "0.5,1,2"], r"less than 1 s of rows"),
    ],
)
def test_a_file_that_cannot_be_replayed_is_refused_with_its_line(tmp_path, lines, message):
    """
    The message has the file, the line and what to do.
    """
    with pytest.raises(ValueError, match=message):
        ReplaySource.from_csv(a_csv(tmp_path, *lines))


def test_a_missing_file_is_refused_by_its_name(tmp_path):
    """
    So is a folder.
    """
    with pytest.raises(ValueError, match=r"none\.csv: cannot be read .*: check the path"):
        ReplaySource.from_csv(tmp_path / "none.csv")
    with pytest.raises(ValueError, match="cannot be read"):
        ReplaySource.from_csv(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    """
    A picture given by mistake is a message, not a traceback.
    """
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\xff\xfe")

    with pytest.raises(ValueError, match=r"picture\.csv"):
        ReplaySource.from_csv(path)


def test_a_flat_signal_is_replayed_flat(tmp_path):
    """
    A sensor that fell off has nothing to be scaled by, and no rate.
    """
    rows = [f"{n / 10},5,7" for n in range(30)]
    frames = ReplaySource.from_csv(a_csv(tmp_path, "time_s,ppg,resp", *rows), loop=False).frames()

    assert {(0.0, 0.0)} == {(f.signals.pulse, f.signals.upper_breathing) for f in frames}


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan"), 1e9])
def test_a_frame_rate_that_no_camera_has_is_refused(fps):
    """
    Before anything is read.
    """
    with pytest.raises(ValueError, match="fps is"):
        ReplaySource.from_csv(RECORDING, fps=fps)


def test_it_can_begin_in_the_middle():
    """
    The first frame is then the one that was recorded there, at time 0.
    """
    time_s, pulse, breathing = a_ramp()
    whole = ReplaySource(time_s, pulse, breathing, fps=10, loop=False)
    later = ReplaySource(time_s, pulse, breathing, fps=10, loop=False, start_s=4.0)
    skipped = [frame.signals for frame in whole.frames()][40:]
    begun = list(later.frames())

    assert (skipped, 0.0) == ([frame.signals for frame in begun], begun[0].time_s)


def test_a_begin_beyond_the_end_is_refused():
    """
    A setting that shows nothing is a mistake.
    """
    with pytest.raises(ValueError, match="lasts 10"):
        ReplaySource(*a_ramp(), start_s=10.0)


@pytest.mark.parametrize(
    ("first_s", "start_s", "expected_us"),
    [
        (0.0, 0.0, None),
        (12.5, 0.0, None),
        (1_700_000_000.0, 0.0, 1_700_000_000_000_000),
        (1_700_000_000.0, 4.0, 1_700_000_004_000_000),
    ],
)
def test_a_recording_knows_when_it_was_made_if_its_rows_do(first_s, start_s, expected_us):
    """
    Times since 1970 are; times since the beginning of something are not.
    """
    time_s, pulse, breathing = a_ramp()
    source = ReplaySource(time_s + first_s, pulse, breathing, start_s=start_s)

    assert expected_us == source.recorded_at_us


def test_frames_can_bear_the_time_at_which_they_were_recorded():
    """
    A replay at any speed then has the stamps of then.
    """
    time_s, pulse, breathing = a_ramp()
    source = ReplaySource(time_s + 1_700_000_000, pulse, breathing, fps=10, loop=False)
    clock = ManualClock()
    beats = ServiceHeartbeats("test", clock=clock)
    capture = PacedCapture(
        source,
        clock,
        beats,
        DroppedFrames(beats),
        speed=math.inf,
        recorded_at_us=source.recorded_at_us,
    )

    async def stamps():
        return [item.stamp_us async for item in capture.items()]

    assert [1_700_000_000_000_000 + n * 100_000 for n in range(3)] == asyncio.run(stamps())[:3]
    assert ("replay", 10, True) == (capture.kind, capture.fps, capture.waits)


def test_a_clock_that_is_set_while_frames_are_played_is_said(caplog):
    """
    Their stamps follow it; by how far is for who reads them later.
    """
    time_s, pulse, breathing = a_ramp()
    source = ReplaySource(time_s, pulse, breathing, fps=10, loop=False)
    clock, events = ManualClock(), HeardEvents()
    beats = ServiceHeartbeats("test", clock=clock)
    capture = PacedCapture(source, clock, beats, DroppedFrames(beats), keep_all=True, events=events)

    async def play():
        async for _ in capture.items():
            clock.advance(0.1)
            if len(events.said) == 0:
                clock.jump_wall(3600)

    asyncio.run(play())

    assert [("clock.moved", {"by_s": 3600.0})] == events.said
