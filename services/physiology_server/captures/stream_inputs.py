"""A FIFO or the URL of a stream, as a camera."""

import os
import select
from pathlib import Path

import cv2

from services.physiology_server.captures.opencv_feed import CameraUnavailable, OpenCvFeed
from vitalrig.clock import Clock

SCHEMES = ("rtsp", "rtsps", "http", "https", "udp", "rtp")

OPEN_WITHIN_S = 5.0
READ_WITHIN_S = 2.0
URL_LONGEST_WAIT_S = 10.0
FIFO_LONGEST_WAIT_S = 1.0
"""Looking whether somebody writes costs nothing, and a writer waits for us."""

LISTEN_S = 0.4


def shown(url: str) -> str:
    """
    Make of *url* what may be shown: no user, password or query.
    """
    scheme, _, rest = url.partition("://")
    place, mark, query = rest.partition("?")
    if mark and "@" in query:
        return f"{scheme}://..."  # a password may hold anything: nothing tells where it ends
    return f"{scheme}://{place.rpartition('@')[2].partition('#')[0]}{'?...' if mark else ''}"


class StreamUrl:
    """
    Opens a stream through FFmpeg.

    Args:
        url: Where it is; the scheme is one of `SCHEMES`.
        clock: What tells the time.
    """

    longest_wait_s = URL_LONGEST_WAIT_S

    def __init__(self, url: str, clock: Clock) -> None:
        self.name = shown(url)
        self._url = url
        self._clock = clock

    def open(self) -> OpenCvFeed:
        """
        Open the stream.

        Raises:
            CameraUnavailable: If it does not answer with pictures within five seconds.
        """
        capture = _ffmpeg(self._url)
        if not capture.isOpened():
            raise CameraUnavailable(
                "the stream cannot be opened",
                "check that its server runs, and its address, user and password in input_path",
            )
        return OpenCvFeed(capture, self._clock)

    def close(self) -> None:
        """
        Nothing is kept between attempts.
        """


class VideoFifo:
    """
    Reads what another program writes into a FIFO: any format that FFmpeg can read forwards.

    The FIFO stays open between attempts, so that a program that begins to write does not find
    its reader gone. It is opened without waiting for a writer: that would hold the thread.

    Args:
        path: Where it is.
        clock: What tells the time.
    """

    longest_wait_s = FIFO_LONGEST_WAIT_S

    def __init__(self, path: Path, clock: Clock) -> None:
        self.name = str(path)
        self._path = path
        self._clock = clock
        self._fd: int | None = None

    def open(self) -> OpenCvFeed:
        """
        Begin with what is being written.

        Raises:
            CameraUnavailable: If there is no FIFO, nobody writes to it, or it gives no video.
        """
        fd = self._reading_end()
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not any(event & select.POLLIN for _, event in poll.poll(LISTEN_S * 1_000)):
            raise CameraUnavailable("no program writes to the FIFO", "start the program that does")
        capture = _ffmpeg(f"pipe:{fd}")
        if not capture.isOpened():
            raise CameraUnavailable(
                "what comes through the FIFO is not a video",
                "have the program write a format with a header, such as y4m or MPEG-TS",
            )
        return OpenCvFeed(capture, self._clock)

    def close(self) -> None:
        """
        Close the FIFO.
        """
        if self._fd is not None:
            os.close(self._fd)
        self._fd = None

    def _reading_end(self) -> int:
        """
        The FIFO, open: the one that is now at its path.
        """
        try:
            there = self._path.stat()
            if self._fd is not None and not os.path.samestat(there, os.fstat(self._fd)):
                self.close()
            if self._fd is None:
                self._fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as exc:
            self.close()
            raise CameraUnavailable(
                f"the FIFO cannot be opened ({exc.strerror})", "make it again with mkfifo"
            ) from exc
        return self._fd


def _ffmpeg(what: str) -> cv2.VideoCapture:
    return cv2.VideoCapture(
        what,
        cv2.CAP_FFMPEG,
        [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(OPEN_WITHIN_S * 1_000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(READ_WITHIN_S * 1_000),
        ],
    )
