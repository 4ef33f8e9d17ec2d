"""Pictures for onlookers: a few a second, made smaller, as JPEG, in a thread of their own."""

import asyncio
import base64
import logging
from concurrent.futures import ThreadPoolExecutor

import cv2

from services.physiology_server.captures.capture import CapturedFrame, Picture
from services.physiology_server.envelopes import Outgoing, envelope
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.signals.frame import SourceKind
from services.physiology_server.signals.periodic import Periodic
from smartspectra.ipc.wire.channels import FRAME
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)

FRAME_FPS = 5.0
FRAME_QUALITY = 75
FRAME_MAX_WIDTH = 640


class PreviewPublisher:
    """
    Sees every shot, and puts some of their pictures into the outbox.

    The loop is never held up: drawing, scaling and encoding happen in a thread, one picture at
    a time. What is due while the one before is still being encoded is left out and counted.

    Counters: `pictures_skipped` (the one before was not done), `pictures_failed` (no JPEG could
    be made).

    Args:
        outbox: Where pictures go.
        beats: Where counters go.
        source_kind: What the frames are made of; made-up and replayed pictures say so.
        frame_fps: Most pictures in a second of capture; 0 for none.
        frame_quality: JPEG quality, 1 to 100.
        frame_max_width: Wider pictures are made this wide, in pixels.
    """

    def __init__(
        self,
        outbox: Outbox,
        beats: ServiceHeartbeats,
        source_kind: SourceKind,
        *,
        frame_fps: float = FRAME_FPS,
        frame_quality: int = FRAME_QUALITY,
        frame_max_width: int = FRAME_MAX_WIDTH,
    ) -> None:
        self._outbox = outbox
        self._beats = beats
        self._source = None if source_kind in ("camera", "upload") else source_kind
        self._every_s = 1 / frame_fps if frame_fps else None
        self._quality = frame_quality
        self._max_width = frame_max_width
        self._cadence: Periodic | None = None
        self._seen_s = 0.0
        self._encoding: asyncio.Future[Outgoing] | None = None
        self._failing = False
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        for name in ("pictures_skipped", "pictures_failed"):
            beats.count(name, 0)

    def see(self, shot: CapturedFrame) -> None:
        """
        Take the picture of *shot*, if one is due.
        """
        if self._every_s is None or shot.picture is None:
            return
        if not self._due(self._every_s, shot.frame.time_s):
            return
        if self._encoding is not None:
            self._beats.count("pictures_skipped")
            return
        loop = asyncio.get_running_loop()
        self._encoding = loop.run_in_executor(self._worker, self._encode, shot)
        self._encoding.add_done_callback(self._encoded)

    def close(self) -> None:
        """
        Take no more pictures. One that is being encoded is not waited for.
        """
        self._every_s = None
        self._worker.shutdown(wait=False, cancel_futures=True)

    def _due(self, every_s: float, time_s: float) -> bool:
        if self._cadence is None or time_s < self._seen_s:
            self._cadence = Periodic(every_s)  # a capture has begun
        self._seen_s = time_s
        return self._cadence.due(time_s)

    def _encode(self, shot: CapturedFrame) -> Outgoing:
        assert shot.picture is not None
        jpeg, width, height = to_jpeg(shot.picture(), self._quality, self._max_width)
        return frame_envelope(shot, jpeg, width, height, self._source)

    def _encoded(self, encoding: "asyncio.Future[Outgoing]") -> None:
        self._encoding = None
        if encoding.cancelled():
            return
        if (error := encoding.exception()) is None:
            self._failing = False
            self._outbox.put(encoding.result())
            return
        self._beats.count("pictures_failed")
        if not self._failing:
            log.warning("no picture could be made", extra={"why": repr(error)})
        self._failing = True


def to_jpeg(picture: Picture, quality: int, max_width: int) -> tuple[bytes, int, int]:
    """
    Encode *picture*, made smaller if it is wider than *max_width* pixels.

    Returns:
        The JPEG, its width and its height in pixels.
    """
    height, width = picture.shape[:2]
    if width > max_width:
        height, width = max(1, round(height * max_width / width)), max_width
        picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    reversed_colours = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    jpeg = cv2.imencode(".jpg", reversed_colours, (cv2.IMWRITE_JPEG_QUALITY, quality))[1]
    return jpeg.tobytes(), width, height


def frame_envelope(
    shot: CapturedFrame, jpeg: bytes, width: int, height: int, source: SourceKind | None = None
) -> Outgoing:
    """
    Make the envelope of a picture.

    The vendor's documents leave the payload's keys open, but for base64. Ours has the picture
    twice, as `data` and as `image`, so that readers written for either find it; `timestamp` is
    that of the capture, in us since the epoch, as text. `source` is there for what is not a camera.
    """
    text = base64.b64encode(jpeg).decode("ascii")
    payload = {
        "data": text,
        "image": text,
        "encoding": "base64",
        "format": "jpeg",
        "width": width,
        "height": height,
        "frame_index": shot.frame.index,
        "timestamp": str(shot.stamp_us),
    }
    if source is not None:
        payload["source"] = source
    made = envelope(FRAME, shot.stamp_us, payload)
    return Outgoing(made.channel, made.envelope, jpeg)
