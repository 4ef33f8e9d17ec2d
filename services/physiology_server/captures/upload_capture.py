"""Pictures that clients upload."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from services.physiology_server.captures.capture import CapturedFrame, CaptureItem, NoFrame, Picture
from services.physiology_server.captures.picture_analyser import (
    MakeAnalysis,
    PictureAnalyser,
    is_picture,
)
from services.physiology_server.clocks.frame_rate import FrameRate
from services.physiology_server.clocks.upload import UploadClock
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.signals.frame import SourceKind
from services.physiology_server.transforms import Transform
from vitalrig.clock import Clock
from vitalrig.errors import InvalidState
from vitalrig.statuses import DropReason, StatusCode

IDLE_EVERY_S = 0.4
SILENT_AFTER_S = 2.0
"""After this long without a picture the status says that nothing is processed."""

OPENS_WITHIN_S = 0.5
_NOBODY = 0


@dataclass(eq=False, slots=True)
class UploadedPicture:
    """
    One picture on its way, until it is answered.

    Attributes:
        picture: Red, green, blue.
        timestamp_us: The client's time of it.
        owner: Which client; 0 for those that did not say that there are more to come.
        number: Its number in the capture.
        answer: Why it was dropped, or None.
    """

    picture: Picture
    timestamp_us: int
    owner: int
    number: int
    answer: asyncio.Future[DropReason | None] = field(default_factory=asyncio.Future)


class UploadQueue:
    """
    Where gRPC hands pictures over, whether or not a capture runs. It belongs to one event loop.

    Each picture is accounted for once: either it is used, or it is counted as dropped, with the
    reason that the client is told.

    Args:
        drops: Where dropped frames are counted.
        opens_within_s: How long a graph that was just started may take before it wants pictures.
    """

    def __init__(self, drops: DroppedFrames, opens_within_s: float = OPENS_WITHIN_S) -> None:
        self._drops = drops
        self._opens_within_s = opens_within_s
        self._open = asyncio.Event()
        self._owner: int | None = None
        self._owners = 0
        self._uploading = False
        self._next: UploadedPicture | None = None
        self._some = asyncio.Event()
        self._number = 0

    @contextmanager
    def claim(self) -> Iterator["Uploader"]:
        """
        Upload a sequence of pictures as the only client.

        Raises:
            InvalidState: While another client does.
        """
        self._check_free(_NOBODY)
        self._owners += 1
        self._owner = self._owners
        try:
            yield Uploader(self, self._owners)
        finally:
            self._owner = None

    async def put(
        self, picture: Picture, timestamp_us: int, owner: int = _NOBODY
    ) -> DropReason | None:
        """
        Upload *picture*, and wait until it was worked on: who waits does not run ahead.

        Args:
            picture: Red, green, blue.
            timestamp_us: When it was taken, in us since the client's capture start.
            owner: Given by `claim`.

        Returns:
            None if it was used, otherwise why it was dropped.

        Raises:
            InvalidState: While another client uploads.
        """
        self._check_free(owner)
        self._uploading = True
        try:
            if not await self._is_open():
                return self._drop("not_started")
            number = self._number
            self._number += 1
            if not is_picture(picture):
                return self._drop("bad_picture")
            return await self._hand_over(UploadedPicture(picture, timestamp_us, owner, number))
        finally:
            self._uploading = False

    async def _hand_over(self, upload: UploadedPicture) -> DropReason | None:
        self._next = upload
        self._some.set()
        try:
            return await upload.answer
        finally:
            if self._next is upload:  # the client went away before its picture was taken
                self._next = None
                self._drop("queue_full")

    @contextmanager
    def opened(self) -> Iterator[None]:
        """
        Accept pictures; afterwards, answer the one that still waits.
        """
        self._number = 0
        self._open.set()
        try:
            yield
        finally:
            self._open.clear()
            if self._next is not None:
                upload, self._next = self._next, None
                self.answer(upload, "not_started")

    async def take(self, timeout_s: float) -> UploadedPicture | None:
        """
        The picture that waits, or None if none comes within *timeout_s*. It must be answered.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self._next is None:
                    self._some.clear()
                    await self._some.wait()
        except TimeoutError:
            return None
        upload, self._next = self._next, None
        return upload

    def answer(self, upload: UploadedPicture, reason: DropReason | None) -> None:
        """
        Say what became of *upload*: used, or dropped because of *reason*.
        """
        if reason is not None:
            self._drop(reason)
        if not upload.answer.done():
            upload.answer.set_result(reason)

    async def _is_open(self) -> bool:
        """
        Whether pictures are wanted; a graph that was just started is waited for.
        """
        try:
            async with asyncio.timeout(self._opens_within_s):
                await self._open.wait()
        except TimeoutError:
            return False
        except asyncio.CancelledError:  # the client went away
            self._drop("not_started")
            raise
        return True

    def _check_free(self, owner: int) -> None:
        if self._uploading or self._owner not in (None, owner):
            raise InvalidState("another client uploads frames: wait until it has ended")

    def _drop(self, reason: DropReason) -> DropReason:
        self._drops.count(reason)
        return reason


class Uploader:
    """The only client that may upload for now, as `UploadQueue.claim` gives it."""

    def __init__(self, uploads: UploadQueue, owner: int) -> None:
        self._uploads = uploads
        self._owner = owner

    async def put(self, picture: Any, timestamp_us: int) -> DropReason | None:  # noqa: ANN401
        """
        Upload *picture*, as `UploadQueue.put` does.
        """
        return await self._uploads.put(picture, timestamp_us, self._owner)


class UploadCapture:
    """
    Measures the pictures that clients upload, each of them, however long that takes.

    Args:
        uploads: Where they come in.
        clock: What tells the time.
        make_analysis: Makes what measures the pictures, anew for each capture.
        frames_done: How many frames the receiver has worked on so far. It tells whether the
            last one was, when the capture is closed.
        transform: How pictures are turned before.
        fps: Frames a second that clients are expected to upload.
    """

    kind: SourceKind = "upload"
    waits = True

    def __init__(
        self,
        uploads: UploadQueue,
        clock: Clock,
        make_analysis: MakeAnalysis,
        frames_done: Callable[[], int],
        *,
        transform: Transform = Transform.NONE,
        fps: float = 30.0,
    ) -> None:
        self._uploads = uploads
        self._clock = clock
        self._make_analysis = make_analysis
        self._frames_done = frames_done
        self._transform = transform
        self._rate = FrameRate(fps)

    @property
    def fps(self) -> float:
        """
        Frames a second that the client takes, by its own times.
        """
        return self._rate.fps

    async def items(self) -> AsyncGenerator[CaptureItem, None]:
        """
        Yield a shot for each picture that is used, and say twice a second if none comes.
        """
        look = PictureAnalyser(self._make_analysis(self.fps), self._transform)
        times = UploadClock(self._clock)
        owner: int | None = None
        seen_s = self._clock.monotonic_s()
        analysing = ThreadPoolExecutor(1, thread_name_prefix="analysis")
        try:
            with self._uploads.opened():
                while True:
                    upload = await self._uploads.take(IDLE_EVERY_S)
                    if upload is None:
                        silent = self._clock.monotonic_s() - seen_s > SILENT_AFTER_S
                        yield NoFrame(StatusCode.PROCESSING_NOT_STARTED if silent else None)
                        continue
                    seen_s = self._clock.monotonic_s()
                    if owner not in (None, upload.owner):
                        look.reset()
                        self._rate.restart()
                    owner = upload.owner
                    done = self._frames_done()
                    reason: DropReason | None = "not_started"
                    try:
                        found = await self._shot(upload, times, look, analysing)
                        if isinstance(found, CapturedFrame):
                            yield found
                            reason = None
                        else:
                            reason = found
                    finally:
                        used = self._frames_done() > done
                        self._uploads.answer(upload, None if used else reason)
                    del upload, found  # or two large pictures are in memory at once
        finally:
            analysing.shutdown(wait=False, cancel_futures=True)

    async def _shot(
        self,
        upload: UploadedPicture,
        times: UploadClock,
        look: PictureAnalyser,
        analysing: ThreadPoolExecutor,
    ) -> CapturedFrame | DropReason:
        placed = times.place(upload.timestamp_us, upload.owner)
        if placed is None:
            return "time_not_rising"
        time_s, stamp_us = placed
        self._rate.add(time_s)
        seen = await asyncio.get_running_loop().run_in_executor(
            analysing, look.see, upload.picture, time_s, upload.number
        )
        if seen is None:
            return "bad_picture"
        frame, picture = seen
        return CapturedFrame(frame, stamp_us, lambda: picture)
