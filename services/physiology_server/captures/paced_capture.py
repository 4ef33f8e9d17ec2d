"""A source of frames without a clock, played at a speed."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from services.physiology_server.captures.capture import CapturedFrame, CaptureItem, Picture
from services.physiology_server.clocks.clock_jumps import ClockJumps
from services.physiology_server.clocks.paced import PacedClock
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.signals.frame import Frame, SourceKind
from services.physiology_server.sources.source import Source
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats


class PacedCapture:
    """
    Plays a source in real time, faster, or as fast as it goes.

    In real time a frame that comes over a second late is left out, so that a pause of the
    machine does not end in a burst. At any other speed nothing is left out and receivers are
    waited for: there the output depends on the source alone.

    Args:
        source: Where frames come from.
        clock: What tells the time.
        beats: Where the counter of clock jumps goes.
        drops: Where dropped frames are counted.
        speed: Seconds of the source in one second; infinity for as fast as it goes.
        draw: Makes the picture of a frame, where the source has none of its own.
        keep_all: Leave nothing out in real time either.
        recorded_at_us: When the first frame was recorded, in us since the epoch; frames then bear
            the stamps of the recording, and not of the present.
        events: Where clock jumps are said.

    Attributes:
        source: Where frames come from.
    """

    def __init__(
        self,
        source: Source,
        clock: Clock,
        beats: ServiceHeartbeats,
        drops: DroppedFrames,
        *,
        speed: float = 1.0,
        draw: Callable[[Frame], Picture] | None = None,
        keep_all: bool = False,
        recorded_at_us: int | None = None,
        events: Emitter = NO_EVENTS,
    ) -> None:
        self.source = source
        self._clock = clock
        self._jumps = ClockJumps(beats, events)
        self._drops = drops
        self._speed = speed
        self._draw = draw
        self._recorded_at_us = recorded_at_us
        self.waits = keep_all or speed != 1.0

    @property
    def kind(self) -> SourceKind:
        """
        What the frames are made of.
        """
        return self.source.kind

    @property
    def fps(self) -> float:
        """
        Frames per second.
        """
        return self.source.fps

    async def items(self) -> AsyncGenerator[CaptureItem, None]:
        """
        Yield each frame when it is due.
        """
        pacing = PacedClock(self._clock, self._speed)
        moved_us = 0
        for frame in self.source.frames():
            await asyncio.sleep(max(0.0, pacing.wait_s(frame.time_s)))
            if not self.waits and pacing.too_late(frame.time_s):
                self._drops.count("too_late")
                continue
            stamp_us = self._stamp_us(pacing, frame)
            if pacing.moved_us != moved_us:
                self._jumps.note(pacing.moved_us - moved_us)
                moved_us = pacing.moved_us
            yield CapturedFrame(frame, stamp_us, self._drawn(frame))

    def _stamp_us(self, pacing: PacedClock, frame: Frame) -> int:
        if self._recorded_at_us is None:
            return pacing.stamp_us(frame.time_s)
        return self._recorded_at_us + round(frame.time_s * 1_000_000)

    def _drawn(self, frame: Frame) -> Callable[[], Picture] | None:
        draw = self._draw
        return None if draw is None else lambda: draw(frame)
