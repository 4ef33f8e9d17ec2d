"""A video file, played at a speed."""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from services.physiology_server.captures.capture import CapturedFrame, CaptureItem, NoFrame, Picture
from services.physiology_server.captures.picture_analyser import (
    MakeAnalysis,
    PictureAnalyser,
    is_picture,
    to_rgb,
)
from services.physiology_server.captures.video_file import VideoFileReader
from services.physiology_server.clocks.clock_jumps import ClockJumps
from services.physiology_server.clocks.paced import PacedClock
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.signals.frame import Frame, SourceKind
from services.physiology_server.transforms import Transform
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.statuses import DropReason

IDLE_EVERY_S = 0.4


class VideoFileCapture:
    """
    Plays a video file by its own time stamps: in real time, faster, or as fast as it goes.

    In real time a frame that comes over a second late is left out. At any other speed nothing is
    left out and receivers are waited for. In a loop, time and numbers run on.

    It is a recording, whatever is seen in it, and its kind says so.

    Args:
        path: The file.
        clock: What tells the time.
        beats: Where clock jumps are counted.
        drops: Where dropped frames are counted.
        make_analysis: Makes what measures the pictures, anew for each capture.
        transform: How pictures are turned before.
        speed: Seconds of the file in one second; infinity for as fast as it goes.
        loop: Begin again at the end.
        keep_all: Leave nothing out in real time either.
        events: Where clock jumps are said.

    Raises:
        ValueError: If the file cannot be read as a video.
    """

    kind: SourceKind = "replay"

    def __init__(
        self,
        path: Path,
        clock: Clock,
        beats: ServiceHeartbeats,
        drops: DroppedFrames,
        make_analysis: MakeAnalysis,
        *,
        transform: Transform = Transform.NONE,
        speed: float = 1.0,
        loop: bool = False,
        keep_all: bool = False,
        events: Emitter = NO_EVENTS,
    ) -> None:
        self._path = path
        self._clock = clock
        self._jumps = ClockJumps(beats, events)
        self._drops = drops
        self._make_analysis = make_analysis
        self._transform = transform
        self._speed = speed
        self._loop = loop
        self._playing = self._film()
        self._playing.close()
        self.waits = keep_all or speed != 1.0

    @property
    def fps(self) -> float:
        """
        Frames a second of the file, by its own time stamps.
        """
        return self._playing.fps

    async def items(self) -> AsyncGenerator[CaptureItem, None]:
        """
        Yield each frame when it is due.
        """
        working = ThreadPoolExecutor(1, thread_name_prefix="video")
        loop = asyncio.get_running_loop()
        self._playing = film = await loop.run_in_executor(working, self._film)
        look = PictureAnalyser(self._make_analysis(film.fps), self._transform)
        pacing = PacedClock(self._clock, self._speed)
        moved_us = 0
        try:
            while (
                found := await loop.run_in_executor(working, self._next, film, look, pacing)
            ) is not None:
                if isinstance(found, str):
                    self._drops.count(found)
                    yield NoFrame()
                    continue
                frame, picture = found
                while (wait_s := pacing.wait_s(frame.time_s)) > IDLE_EVERY_S:
                    await asyncio.sleep(IDLE_EVERY_S)
                    yield NoFrame()
                await asyncio.sleep(max(0.0, wait_s))
                stamp_us = pacing.stamp_us(frame.time_s)
                if pacing.moved_us != moved_us:
                    self._jumps.note(pacing.moved_us - moved_us)
                    moved_us = pacing.moved_us
                yield _shot(frame, stamp_us, picture)
        finally:
            working.submit(film.close)  # after the picture that is being worked on
            working.shutdown(wait=False)

    def _next(
        self, film: VideoFileReader, look: PictureAnalyser, pacing: PacedClock
    ) -> tuple[Frame, Picture] | DropReason | None:
        """
        The next frame, measured; why it is left out; or None at the end.
        """
        moment = film.grab()
        if moment is None:
            return None
        if not self.waits and pacing.too_late(moment.time_s):
            return "too_late"
        bgr = film.retrieve()
        seen = look.see(to_rgb(bgr), moment.time_s, moment.number) if is_picture(bgr) else None
        if seen is None:
            return "bad_picture"
        frame, picture = seen
        return (replace(frame, stable=False) if moment.joint else frame), picture

    def _film(self) -> VideoFileReader:
        return VideoFileReader(self._path, self._drops, loop=self._loop)


def _shot(frame: Frame, stamp_us: int, picture: Picture) -> CapturedFrame:
    return CapturedFrame(frame, stamp_us, lambda: picture)
