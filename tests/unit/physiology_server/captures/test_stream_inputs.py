"""FIFOs and streams as cameras, through real FFmpeg."""

import asyncio
import contextlib
import http.server
import os
import threading
import time
from itertools import pairwise

import pytest

from services.physiology_server.captures.capture import CapturedFrame, NoFrame
from services.physiology_server.captures.input_capture import input_capture
from services.physiology_server.captures.stream_inputs import LISTEN_S, shown
from services.physiology_server.dropped_frames import DroppedFrames
from tests.support.clips import FPS, Brightness, luma, y4m, y4m_frame, y4m_header
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.clock import SystemClock
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.statuses import StatusCode

AWAY = NoFrame(StatusCode.PROCESSING_NOT_STARTED)


class Watching:
    """A capture in a thread of its own, and what it has yielded."""

    def __init__(self, where, make_analysis=Brightness):
        self.beats = ServiceHeartbeats("physiology_server")
        self.drops = DroppedFrames(self.beats)
        self.capture = input_capture(
            str(where), SystemClock(), self.beats, self.drops, make_analysis
        )
        self.items = []

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._watch())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def _run(self):
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _watch(self):
        async with contextlib.aclosing(self.capture.items()) as items:
            async for item in items:
                self.items.append(item)

    def __exit__(self, *_exc):
        self.leave()

    def leave(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive()

    @property
    def shots(self):
        return [item for item in self.items if isinstance(item, CapturedFrame)]

    def until_shots(self, count):
        first = len(self.shots)
        return eventually(lambda: len(self.shots) >= first + count and self.shots[first:])

    def until_away(self):
        eventually(lambda: self.items and self.items[-1] == AWAY)

    @property
    def absences(self):
        """How often nothing came any more after a picture."""
        return sum(
            item == AWAY and isinstance(before, CapturedFrame)
            for before, item in pairwise(self.items)
        )

    def counter(self, name):
        return self.beats.report()["counters"][name]


class Writer:
    """Writes a moving clip into a FIFO at a camera's pace, until it is stopped."""

    def __init__(self, path, seed=1):
        self._path = path
        self._grey = luma(30, seed=seed)
        self._stop = threading.Event()
        # A daemon: without a reader it stands in open() for ever, which is a test's failure only.
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_exc):
        self._stop.set()
        self._thread.join(PATIENCE_S)

    def _write(self):
        with contextlib.suppress(BrokenPipeError), self._path.open("wb", buffering=0) as fifo:
            fifo.write(y4m_header())
            number = 0
            while not self._stop.wait(1 / FPS):
                fifo.write(y4m_frame(self._grey[number % 30]))
                number += 1


@pytest.fixture
def fifo(tmp_path):
    path = tmp_path / "camera.fifo"
    os.mkfifo(path)
    return path


def test_what_is_written_into_a_fifo_is_measured_when_it_arrives(fifo):
    """
    As a camera's: live, with the wall clock's time.
    """
    began_us = time.time_ns() // 1_000
    with Watching(fifo) as watching, Writer(fifo):
        watching.until_shots(10)
        ended_us = time.time_ns() // 1_000

    assert ("camera", False) == (watching.capture.kind, watching.capture.waits)
    stamps = [shot.stamp_us for shot in watching.shots[:10]]
    assert sorted(set(stamps)) == stamps
    assert began_us <= stamps[0] < stamps[-1] <= ended_us


def test_while_nobody_writes_the_loop_turns_and_says_that_nothing_is_processed(fifo):
    """
    At least every half second.
    """
    with Watching(fifo) as watching:
        eventually(lambda: len(watching.items) >= 3)

    assert [AWAY] * 3 == watching.items[:3]
    assert LISTEN_S <= 0.5


def test_a_writer_that_comes_again_is_read_again(fifo, caplog):
    """
    With one log line for the absence, and a new analysis after it.
    """
    made = []

    def make(fps):
        made.append(Brightness(fps))
        return made[-1]

    with Watching(fifo, make) as watching:
        with Writer(fifo):
            before = watching.until_shots(3)[-1]
        watching.until_away()
        with Writer(fifo, seed=2):
            after = watching.until_shots(1)[0]
            absences = watching.absences  # more than one where a busy machine holds a writer up
            counted, resets = watching.counter("camera_disconnects"), [each.resets for each in made]

    whys = [record.why for record in caplog.records if hasattr(record, "why")]
    assert {"no program writes to the FIFO"} == set(whys)
    assert absences >= 1
    assert absences == counted
    assert watching.counter("camera_away_seconds") > 0.3
    assert after.frame.index > before.frame.index
    assert after.frame.time_s > before.frame.time_s + 0.4
    assert [absences] == resets


def test_a_fifo_that_vanishes_and_is_made_again_is_found(fifo):
    """
    The new one, not the one that is gone.
    """
    with Watching(fifo) as watching:
        watching.until_away()
        fifo.unlink()
        os.mkfifo(fifo)
        with Writer(fifo):
            assert watching.until_shots(1)


def test_what_is_no_video_is_passed_over(fifo, caplog):
    """
    And the video that follows is read.
    """
    with Watching(fifo) as watching:
        with fifo.open("wb", buffering=0) as mistaken:
            mistaken.write(b"not a video " * 100)
        eventually(lambda: "what comes through the FIFO is not a video" in str(
            [getattr(record, "why", "") for record in caplog.records]))  # fmt: skip
        with Writer(fifo):
            assert watching.until_shots(1)


def test_an_analysis_that_is_too_slow_gets_the_newest_pictures(fifo):
    """
    Each picture is measured or counted, and the last one measured is not old.
    """
    gate = threading.Event()

    class Slow(Brightness):
        def analyse(self, rgb, time_s, index):
            gate.wait(PATIENCE_S)
            return super().analyse(rgb, time_s, index)

    with Watching(fifo, Slow) as watching, Writer(fifo):
        eventually(lambda: watching.drops.by_reason["queue_full"] >= 20)
        gate.set()
        shots = watching.until_shots(5)
        numbers = [shot.frame.index for shot in shots[:5]]

    first, *waiting = numbers
    assert 0 == first
    assert waiting == list(range(waiting[0], waiting[0] + 4))
    assert waiting[0] >= 20


def test_a_capture_whose_writer_hangs_can_be_left_at_once(fifo):
    """
    The server stops in its time, whatever the camera does.
    """
    with Watching(fifo) as watching, fifo.open("wb", buffering=0) as hanging:
        hanging.write(y4m(luma(3)))
        watching.until_shots(3)
        watching.leave()  # which fails if the capture does not end


def test_a_fault_of_the_analysis_ends_the_capture(fifo):
    """
    A mistake in the program is not taken for a camera that is away.
    """

    class Mistaken(Brightness):
        def analyse(self, rgb, time_s, index):
            raise RuntimeError("a mistake")

    async def run():
        capture = input_capture(
            str(fifo),
            SystemClock(),
            ServiceHeartbeats("x"),
            DroppedFrames(ServiceHeartbeats("x")),
            Mistaken,
        )
        async with contextlib.aclosing(capture.items()) as items, asyncio.timeout(PATIENCE_S):
            async for _ in items:
                pass

    with Writer(fifo), pytest.raises(RuntimeError, match="a mistake"):
        asyncio.run(run())


@pytest.fixture
def web():
    """Serves a clip to who knows the password, at a camera's pace."""

    class Handler(http.server.BaseHTTPRequestHandler):
        allowed = True

        def do_GET(self):
            if not Handler.allowed or not self.headers.get("Authorization"):
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="camera"')
                self.end_headers()
                return
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(y4m_header())
                for picture in luma(12):
                    self.wfile.write(y4m_frame(picture))
                    time.sleep(1 / FPS)

        def log_message(self, *_args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_stream_that_ends_is_opened_again(web):
    """
    A camera in the network that restarts is found again.
    """
    url = f"http://user:secret@127.0.0.1:{web.server_port}/live"
    with Watching(url) as watching:
        eventually(lambda: len(watching.shots) > 12)

    assert watching.counter("camera_disconnects") >= 1


def test_the_password_of_a_stream_is_not_logged(web, caplog, capfd):
    """
    Neither by us nor by FFmpeg, whether or not the stream can be opened.
    """
    caplog.set_level(0)
    web.RequestHandlerClass.allowed = False
    url = f"http://user:secret@127.0.0.1:{web.server_port}/live?token=secret"
    with Watching(url) as watching:
        eventually(lambda: [r for r in caplog.records if hasattr(r, "advice")])
        watching.until_away()

    logged = [str(record.__dict__) for record in caplog.records]
    written = capfd.readouterr()
    assert any(f"http://127.0.0.1:{web.server_port}/live?..." in line for line in logged)
    assert not any("secret" in line for line in logged)
    assert ("", "") == (written.out, written.err)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("rtsp://10.0.0.1:554/live", "rtsp://10.0.0.1:554/live"),
        ("rtsp://user:secret@10.0.0.1/live", "rtsp://10.0.0.1/live"),
        ("rtsp://user:sec@ret@10.0.0.1/live", "rtsp://10.0.0.1/live"),
        ("rtsp://user:sec/ret@10.0.0.1/live", "rtsp://10.0.0.1/live"),
        ("rtsp://user:sec?ret@10.0.0.1/live", "rtsp://..."),
        ("http://10.0.0.1/live?token=secret", "http://10.0.0.1/live?..."),
        ("http://10.0.0.1/live#secret", "http://10.0.0.1/live"),
    ],
)
def test_what_is_shown_of_a_url_holds_no_secret(url, expected):
    """
    However odd the characters of a password are.
    """
    assert expected == shown(url)
