"""
A V4L2 camera made of a file, and a program that watches it and says what it sees.

The camera is a preload library, so it exists only in programs that are started under it:
`python -m tests.support.fake_camera` is one.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from tests.support.clips import FPS, HEIGHT, WIDTH, Brightness
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.programs import program

ROOT = Path(__file__).parents[2]
SOURCE = Path(__file__).with_name("fakev4l2.c")


def compile_library(folder: Path) -> Path:
    library = folder / "fakev4l2.so"
    compiler = program("cc", package="gcc")
    libraries = ("-ldl", "-lpthread")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", library, SOURCE, *libraries],
        check=True,
    )
    return library


class FakeCamera:
    """/dev/video0, for programs started with `environ`. At first it is not plugged in."""

    def __init__(self, library: Path, folder: Path) -> None:
        self._library = library
        self._clip = folder / "camera.yuyv"

    @property
    def environ(self) -> dict[str, str]:
        return os.environ | {
            "LD_PRELOAD": str(self._library),
            "FAKE_V4L2_DEV": "/dev/video0",
            "FAKE_V4L2_FILE": str(self._clip),
            "FAKE_V4L2_SIZE": f"{WIDTH}x{HEIGHT}@{FPS}",
        }

    def plug_in(self, raw: bytes) -> None:
        """Make it give the raw YUYV pictures, over and over."""
        written = self._clip.with_suffix(".new")
        written.write_bytes(raw)
        written.rename(self._clip)

    def unplug(self) -> None:
        self._clip.unlink()

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Make it `busy` or `denied` until the block ends."""
        sign = self._clip.with_name(f"{self._clip.name}.{what}")
        sign.touch()
        try:
            yield
        finally:
            sign.unlink()


class Watching:
    """The program below while it runs, and the lines that it has written."""

    def __init__(self, camera: FakeCamera, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.fake_camera", *arguments],
            cwd=ROOT, env=camera.environ, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self.lines: list[dict] = []
        self.errors = ""
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append(json.loads(line))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._thread.join()
            self.errors = self._process.stderr.read()
            self._process.stdout.close()
            self._process.stderr.close()
        assert 0 == self._process.returncode, self.errors

    @property
    def shots(self) -> list[dict]:
        return [line for line in self.lines if "stamp_us" in line]

    def events(self, text: str) -> list[dict]:
        return [line for line in self.lines if text in line.get("event", "")]

    @property
    def counters(self) -> dict[str, float]:
        return next((line["counters"] for line in reversed(self.lines) if "counters" in line), {})

    def until(self, condition):
        return eventually(condition)

    def until_shots(self, count: int) -> list[dict]:
        """Wait for as many shots after now."""
        first = len(self.shots)
        return eventually(lambda: len(self.shots) >= first + count and self.shots[first:])


async def watch(transform: str) -> None:
    """Say what the camera's capture yields, one JSON line an item, until input ends."""
    from services.physiology_server.captures.camera_device import camera_capture
    from services.physiology_server.captures.capture import CapturedFrame
    from services.physiology_server.dropped_frames import DroppedFrames
    from services.physiology_server.transforms import parse
    from vitalrig.clock import SystemClock
    from vitalrig.service.heartbeats import ServiceHeartbeats

    clock = SystemClock()
    beats = ServiceHeartbeats("camera")
    capture = camera_capture(
        0, clock, beats, DroppedFrames(beats), Brightness,
        width=WIDTH, height=HEIGHT, fps=FPS, transform=parse(transform),
    )  # fmt: skip

    async def say() -> None:
        items = capture.items()
        try:
            async for item in items:
                line = {"counters": beats.report()["counters"]}
                if isinstance(item, CapturedFrame):
                    line |= {
                        "index": item.frame.index,
                        "time_s": item.frame.time_s,
                        "stamp_us": item.stamp_us,
                        "level": item.frame.signals.upper_breathing,
                        "shape": item.picture().shape,
                        "now_us": clock.wall_us(),
                    }
                else:
                    line["idle"] = None if item.status is None else int(item.status)
                print(json.dumps(line), flush=True)  # noqa: T201  the test reads it
        finally:
            await items.aclose()

    saying = asyncio.create_task(say())
    asyncio.get_running_loop().add_reader(sys.stdin, saying.cancel)
    await asyncio.wait([saying])
    if not saying.cancelled():
        saying.result()


if __name__ == "__main__":
    from vitalrig.service.logs import set_up

    set_up("camera")
    asyncio.run(watch(sys.argv[1] if len(sys.argv) > 1 else "none"))
