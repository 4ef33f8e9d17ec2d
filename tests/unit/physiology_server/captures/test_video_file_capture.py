"""Video files, played."""

import asyncio
import logging
import math
from itertools import accumulate
from pathlib import Path

import cv2
import pytest

from services.physiology_server.captures.capture import CapturedFrame, NoFrame
from services.physiology_server.captures.video_file_capture import VideoFileCapture
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.signals.frame import Frame
from services.physiology_server.transforms import Transform
from tests.support.clips import (
    FPS,
    Brightness,
    without_rate,
    write_uneven_video,
    write_video,
)
from vitalrig.clock import ManualClock, SystemClock
from vitalrig.service.heartbeats import ServiceHeartbeats


class Player:
    """Plays a file and keeps what came."""

    def __init__(self, path, make_analysis=Brightness, clock=None, **how):
        self.clock = clock or SystemClock()
        beats = ServiceHeartbeats("physiology_server")
        self.drops = DroppedFrames(beats)
        how = {"speed": math.inf} | how
        self.capture = VideoFileCapture(path, self.clock, beats, self.drops, make_analysis, **how)

    def items(self, at_most=1_000, each=lambda _item: None):
        async def run():
            found, items = [], self.capture.items()
            try:
                async for item in items:
                    found.append(item)
                    each(item)
                    if len(found) == at_most:
                        break
            finally:
                await items.aclose()
            return found

        return asyncio.run(run())

    def shots(self, at_most=1_000):
        return [item for item in self.items(at_most) if isinstance(item, CapturedFrame)]


@pytest.fixture
def video(tmp_path):
    return write_video(tmp_path / "clip.avi", 20)


def levels(shots):
    """Which picture of the clip each shot shows."""
    return [round((shot.frame.signals.upper_breathing - 40) / 3) for shot in shots]


def test_every_picture_of_a_file_is_measured_in_order(video):
    """
    Played as fast as it goes, nothing is left out, and then it ends.
    """
    player = Player(video)
    shots = player.shots()

    assert list(range(20)) == levels(shots)
    assert list(range(20)) == [shot.frame.index for shot in shots]
    assert 0 == player.drops.total


def test_a_file_is_a_recording_whatever_is_seen_in_it(video):
    """
    Its frames are never shown as live.
    """
    player = Player(video)

    assert ("replay", float(FPS), True) == (
        player.capture.kind, player.capture.fps, player.capture.waits,
    )  # fmt: skip


def test_times_are_those_of_the_file(tmp_path):
    """
    A phone's uneven rate is kept as it was.
    """
    times_ms = [0, 31, 70, 103, 250, 251, 300]
    path = write_uneven_video(tmp_path / "uneven.mkv", times_ms)

    assert times_ms == [round(shot.frame.time_s * 1_000) for shot in Player(path).shots()]


@pytest.fixture
def from_a_browser(tmp_path):
    """Two seconds at 28 to 39 ms, in a file whose header has no rate."""
    times_ms = list(accumulate([28, 39, 32] * 20, initial=0))
    path = without_rate(write_uneven_video(tmp_path / "browser.mkv", times_ms))
    assert 1_000 == cv2.VideoCapture(str(path), cv2.CAP_FFMPEG).get(cv2.CAP_PROP_FPS)
    return path


def test_the_rate_is_that_of_the_file_s_time_stamps(from_a_browser):
    """
    Its header may say 1,000, as a browser's does to OpenCV.
    """
    made = []
    player = Player(from_a_browser, lambda fps: made.append(fps) or Brightness(fps))
    player.shots()

    assert pytest.approx([1_000 / 33] * 2, rel=0.01) == [player.capture.fps, *made]


def test_a_whole_file_is_not_called_incomplete_because_its_rate_is_wrong(from_a_browser, caplog):
    """
    A thousand frames a second for two seconds were never there.
    """
    Player(from_a_browser).shots()

    assert [] == [record for record in caplog.records if record.levelno == logging.WARNING]


def test_over_the_joint_of_a_loop_the_measured_interval_counts(from_a_browser):
    """
    And not the thousandth of a second that the header says.
    """
    times_s = [shot.frame.time_s for shot in Player(from_a_browser, loop=True).shots(62)]

    assert pytest.approx(0.033, abs=0.002) == times_s[61] - times_s[60]


def test_stamps_rise_with_the_file_s_time(video):
    """
    From the wall clock at its start.
    """
    clock = ManualClock()
    shots = Player(video, clock=clock).shots()

    expected = [round(shot.frame.time_s * 1_000_000) for shot in shots]
    assert expected == [shot.stamp_us - clock.wall_us() for shot in shots]


def test_in_a_loop_time_runs_on_over_the_joint(video):
    """
    The first picture follows on the last after the usual interval.
    """
    shots = Player(video, loop=True).shots(50)

    assert [number % 20 for number in range(50)] == levels(shots)
    assert list(range(50)) == [shot.frame.index for shot in shots]
    assert [n / FPS for n in range(50)] == pytest.approx([shot.frame.time_s for shot in shots])


def test_frames_after_the_joint_of_a_loop_are_not_stable(tmp_path):
    """
    For two seconds what is measured still has the end of the file in it.
    """
    video = write_video(tmp_path / "long.avi", 75)
    shots = Player(video, loop=True).shots(150)

    unstable = [shot.frame.index for shot in shots if not shot.frame.stable]
    assert list(range(75, 135)) == unstable


def test_a_file_is_played_in_real_time(video):
    """
    A recording of two thirds of a second takes two thirds of a second.
    """
    clock = SystemClock()
    began_s = clock.monotonic_s()
    Player(video, speed=1.0).shots()

    assert 19 / FPS == pytest.approx(clock.monotonic_s() - began_s, abs=0.25)


def test_a_file_played_four_times_as_fast_takes_a_quarter_of_its_time(tmp_path):
    """
    And drops nothing.
    """
    clock = SystemClock()
    player = Player(write_video(tmp_path / "clip.avi", 40), speed=4.0)
    began_s = clock.monotonic_s()
    shots = player.shots()

    assert 39 / FPS / 4 == pytest.approx(clock.monotonic_s() - began_s, abs=0.2)
    assert 40 == len(shots)


def test_in_real_time_late_frames_are_left_out_and_counted(video):
    """
    A pause of the machine does not end in a burst; each frame is measured or counted.
    """
    clock = ManualClock()

    def be_late(item):
        if isinstance(item, CapturedFrame) and item.frame.index == 0:
            clock.advance(1.25)

    player = Player(video, clock=clock, speed=1.0)
    # Frame 0 is handed on at once; then 1.25 s pass, which makes the frames up to 0.25 s late.
    items = player.items(at_most=9, each=be_late)

    assert 7 == player.drops.by_reason["too_late"]
    assert [0, 8] == [item.frame.index for item in items if isinstance(item, CapturedFrame)]


def test_nothing_is_left_out_when_all_is_to_be_kept(video):
    """
    As tests of a whole chain need it.
    """
    clock = ManualClock()

    def be_late(item):
        clock.advance(10)

    player = Player(video, clock=clock, speed=1.0, keep_all=True)

    assert 20 == len(player.items(each=be_late))
    assert 0 == player.drops.total


def test_between_pictures_that_are_far_apart_the_loop_still_turns(tmp_path):
    """
    A slow recording does not look like a service that hangs.
    """
    path = write_uneven_video(tmp_path / "slow.mkv", [0, 1_000])
    kinds = [type(item) for item in Player(path, speed=1.0).items()]

    assert [CapturedFrame, NoFrame, NoFrame, CapturedFrame] == kinds


def test_pictures_are_turned(video):
    """
    A phone held upright.
    """
    shot = Player(video, transform=Transform.CCW90).shots(1)[0]

    assert (160, 120, 3) == shot.picture().shape


def test_each_capture_begins_at_the_first_picture_with_its_own_analysis(video):
    """
    A second run of the graph remembers nothing of the first.
    """
    made = []

    def make(fps):
        made.append(Brightness(fps))
        return made[-1]

    player = Player(video, make)

    assert levels(player.shots(3)) == levels(player.shots(3)) == [0, 1, 2]
    assert [30.0, 30.0] == [analysis.fps for analysis in made]


def test_a_capture_can_be_left_at_any_time(video):
    """
    The file is closed after the picture that is being worked on.
    """
    assert 3 == len(Player(video, loop=True).items(at_most=3))


@pytest.mark.parametrize("name", ["missing.mp4", "."])
def test_a_missing_file_is_named(tmp_path, name):
    """
    At the start, not when the graph runs.
    """
    with pytest.raises(ValueError, match="there is no such video file") as refused:
        Player(tmp_path / name)

    assert str(tmp_path / name) in str(refused.value)


def test_a_file_that_is_no_video_is_named(tmp_path):
    """
    Rather than played as nothing.
    """
    (tmp_path / "notes.mp4").write_text("no video")

    with pytest.raises(ValueError, match="notes.mp4: cannot be read as a video"):
        Player(tmp_path / "notes.mp4")


def test_a_damaged_file_is_played_as_far_as_it_goes_and_says_so(tmp_path, caplog):
    """
    A copy that was cut off does not pass for the whole.
    """
    whole = write_video(tmp_path / "whole.avi", 60).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) // 2])
    shots = Player(tmp_path / "cut.avi").shots()

    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert list(range(len(shots))) == [shot.frame.index for shot in shots]
    assert [(len(shots), 60)] == [(record.frames, record.announced) for record in warnings]


def test_a_file_whose_name_looks_like_a_protocol_is_a_file(tmp_path, monkeypatch):
    """
    FFmpeg would take what stands before the colon for a protocol.
    """
    write_video(tmp_path / "clip.avi", 3).rename(tmp_path / "subject:1.avi")
    monkeypatch.chdir(tmp_path)

    assert 3 == len(Player(Path("subject:1.avi")).shots())


def test_a_picture_that_cannot_be_measured_is_counted_and_the_next_one_is(video):
    """
    One fault costs one frame.
    """

    class Once(Brightness):
        def analyse(self, rgb, time_s, index):
            if index == 5:
                cv2.resize(rgb, (0, 0))
            return Frame(index, time_s)

    player = Player(video, Once)

    assert 5 not in [shot.frame.index for shot in player.shots()]
    assert 1 == player.drops.by_reason["bad_picture"]
