"""A camera that runs on whether or not anybody keeps up: a device, a FIFO or a stream."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor

from services.physiology_server.captures.camera_reader import CameraPicture, CameraReader, Opener
from services.physiology_server.captures.capture import CapturedFrame, CaptureItem, NoFrame
from services.physiology_server.captures.picture_analyser import (
    MakeAnalysis,
    PictureAnalyser,
    to_rgb,
)
from services.physiology_server.captures.thread_bridge import ThreadBridge
from services.physiology_server.clocks.frame_rate import FrameRate
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.signals.frame import SourceKind
from services.physiology_server.transforms import Transform
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.statuses import StatusCode

QUEUE_PICTURES = 4
"""Enough to even out what the analysis takes, little enough to add no delay worth naming."""

IDLE_EVERY_S = 0.4
SILENT_AFTER_S = 2.0
"""After this long without a good picture the status says that nothing is processed."""

LEAVE_S = 0.5


class LiveCapture:
    """
    Measures the newest pictures of a camera, from its first to the end of the capture.

    One thread reads the camera, another measures. When measuring does not keep up, the oldest
    waiting picture is dropped and counted. A camera that is away is tried again; the numbers of
    frames and their times run on over the absence.

    Args:
        opener: Makes what opens the camera, anew for each capture.
        clock: What tells the time.
        beats: Where absences, stalls and clock jumps are counted.
        drops: Where dropped frames are counted.
        make_analysis: Makes what measures the pictures, anew for each capture.
        transform: How pictures are turned before.
        fps: Frames a second that the camera is asked for.
        events: Where absences and clock jumps are said.
    """

    kind: SourceKind = "camera"
    waits = False

    def __init__(
        self,
        opener: Callable[[], Opener],
        clock: Clock,
        beats: ServiceHeartbeats,
        drops: DroppedFrames,
        make_analysis: MakeAnalysis,
        *,
        transform: Transform = Transform.NONE,
        fps: float = 30.0,
        events: Emitter = NO_EVENTS,
    ) -> None:
        self._events = events
        self._opener = opener
        self._clock = clock
        self._beats = beats
        self._drops = drops
        self._make_analysis = make_analysis
        self._transform = transform
        self._rate = FrameRate(fps)

    @property
    def fps(self) -> float:
        """
        Frames a second that the camera gives, whatever it was asked for.
        """
        return self._rate.fps

    async def items(self) -> AsyncGenerator[CaptureItem, None]:
        """
        Yield a shot for each picture that was measured, and say twice a second if none comes.
        """
        handover = ThreadBridge[CameraPicture](
            QUEUE_PICTURES, lambda: self._drops.count("queue_full")
        )
        reader = CameraReader(
            self._opener(),
            handover,
            self._clock,
            self._beats,
            self._drops,
            self._rate,
            self._events,
        )
        look = PictureAnalyser(self._make_analysis(self.fps), self._transform)
        analysing = ThreadPoolExecutor(1, thread_name_prefix="analysis")
        loop = asyncio.get_running_loop()
        run: int | None = None
        seen_s = self._clock.monotonic_s()
        reader.start()
        try:
            while True:
                taken = await handover.take(IDLE_EVERY_S)
                if taken is None:
                    silent = self._clock.monotonic_s() - seen_s > SILENT_AFTER_S
                    away = silent or not reader.seeing
                    yield NoFrame(StatusCode.PROCESSING_NOT_STARTED if away else None)
                    continue
                seen_s = self._clock.monotonic_s()
                if run is not None and taken.run != run:
                    look.reset()
                run = taken.run
                shot = await loop.run_in_executor(analysing, _measured, look, taken)
                if shot is None:
                    self._drops.count("bad_picture")
                yield shot or NoFrame()
        finally:
            reader.stop()
            analysing.shutdown(wait=False, cancel_futures=True)
            await asyncio.to_thread(reader.join, LEAVE_S)


def _measured(look: PictureAnalyser, taken: CameraPicture) -> CapturedFrame | None:
    seen = look.see(to_rgb(taken.bgr), taken.time_s, taken.number)
    if seen is None:
        return None
    frame, picture = seen
    return CapturedFrame(frame, taken.stamp_us, lambda: picture)
