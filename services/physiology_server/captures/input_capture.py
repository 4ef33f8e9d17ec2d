"""What `input_path` may name: a video file, a FIFO, or the URL of a stream."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from services.physiology_server.captures.camera_reader import Opener
from services.physiology_server.captures.live_capture import LiveCapture
from services.physiology_server.captures.picture_analyser import MakeAnalysis
from services.physiology_server.captures.stream_inputs import SCHEMES, StreamUrl, VideoFifo, shown
from services.physiology_server.captures.video_file_capture import VideoFileCapture
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.transforms import Transform
from vitalrig.clock import Clock
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.service.heartbeats import ServiceHeartbeats


def input_capture(
    where: str,
    clock: Clock,
    beats: ServiceHeartbeats,
    drops: DroppedFrames,
    make_analysis: MakeAnalysis,
    *,
    transform: Transform = Transform.NONE,
    fps: float = 30.0,
    speed: float = 1.0,
    loop: bool = False,
    keep_all: bool = False,
    events: Emitter = NO_EVENTS,
) -> LiveCapture | VideoFileCapture:
    """
    Make the capture for *where*.

    Args:
        where: A path, or a URL with the scheme `file` or one of `SCHEMES`.
        clock: What tells the time.
        beats: Where absences, stalls and clock jumps are counted.
        drops: Where dropped frames are counted.
        make_analysis: Makes what measures the pictures.
        transform: How pictures are turned before.
        fps: Frames a second of a FIFO or stream; a file has its own.
        speed: For a file: seconds of it in one second.
        loop: For a file: begin again at the end. A FIFO or stream has none.
        keep_all: For a file: leave nothing out in real time either.
        events: Where absences and clock jumps are said.

    Raises:
        ValueError: If there is no such thing, or if it cannot be played as asked.
    """
    found = _place(where)
    if isinstance(found, Path) and not found.is_fifo():
        return VideoFileCapture(
            found,
            clock,
            beats,
            drops,
            make_analysis,
            transform=transform,
            speed=speed,
            loop=loop,
            keep_all=keep_all,
            events=events,
        )
    if speed != 1.0:
        raise ValueError(f"speed is {speed:g}: a FIFO or a stream comes at its own, so leave it 1")
    return LiveCapture(
        _opener(found, clock),
        clock,
        beats,
        drops,
        make_analysis,
        transform=transform,
        fps=fps,
        events=events,
    )


def _opener(found: Path | str, clock: Clock) -> Callable[[], Opener]:
    if isinstance(found, Path):
        return lambda: VideoFifo(found, clock)
    return lambda: StreamUrl(found, clock)


def _place(where: str) -> Path | str:
    """
    Tell a path from a URL.
    """
    scheme, mark, _ = where.partition("://")
    if mark and scheme.lower() in SCHEMES:
        return where
    if mark and scheme.lower() != "file":
        allowed = ", ".join(SCHEMES)
        raise ValueError(f"{shown(where)}: the scheme may be {allowed} or file, not {scheme}")
    path = Path(unquote(urlsplit(where).path) if mark else where)
    if path.is_char_device():
        raise ValueError(f"{path} is a device: name it in camera_device_index instead")
    return path
