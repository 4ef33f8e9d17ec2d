"""
What heartbeats cost the services.

    python benchmarks/beats.py            a table
    python benchmarks/beats.py --json     one flat JSON object

Times are of the CPU clock; rounds with heartbeats and with ones that do nothing alternate, each
pair gives a difference, and medians count.

`beat_us`: one beat of a step. `report_us`: a report of the server's steps, as JSON; `page_us`: its
own page; both with a second's beats since the last one. `frame_us`: a frame of one camera through
the server's loop, from the synthetic source to a real Redis, everything enabled, as fast as it
goes. `overhead_us_per_frame`: what of it are heartbeats, with a report to Redis for every second of
frames. `share_of_a_frame`: that over the time between frames at 30 a second, so a share of a core.
`share_of_server_cpu_1_camera`: that over `core_share_1_camera` of `benchmarks/server.py`, the share
of a core that the server's own process takes, which also waits for frames and keeps their time.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

import orjson

from benchmarks.server import one_camera as whole_server
from benchmarks.support.figures import show
from benchmarks.support.own_redis import own_redis
from services.physiology_server import app
from services.physiology_server.backend_factory import redis_config
from services.physiology_server.captures.capture import CapturedFrame
from services.physiology_server.frame_loop import FrameLoop
from services.physiology_server.scenarios.disturbance import undisturbed
from services.physiology_server.settings import Settings
from services.physiology_server.sources.synthetic_source import SyntheticSource
from vitalrig import redis_keys
from vitalrig.clock import SystemClock
from vitalrig.redis_client import connect_async
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.service_page import ServicePage, service_families
from vitalrig.service.watchdog import Watchdog
from vitalrig.web.messages import Request

LIMITS = {"share_of_server_cpu_1_camera": ("at most", 0.03)}
FPS = 30
ENABLED = ("--enable_eda", "--enable_micromotion", "--enable_phasic_bp", "--publish_core=always")
SECOND_OF_BEATS = {
    "frames_in": 30, "core_frames": 30, "core_buffers": 5, "envelopes_published": 35,
    "pictures_published": 5,
}  # fmt: skip


class NoStep:
    """A step that counts nothing."""

    def beat(self, busy_s: float = 0.0, size_bytes: float = 0) -> None:
        pass

    def report(self) -> dict[str, Any]:
        return {"count": 0, "busy_s": 0.0}


class NoBeats(ServiceHeartbeats):
    """Heartbeats that do nothing."""

    def step(self, name: str) -> NoStep:  # noqa: ARG002
        return NoStep()

    def count(self, name: str, amount: float = 1) -> None:
        pass


def cpu_us(work: Callable[[], object], units: int) -> float:
    began_ns = time.process_time_ns()
    work()
    return (time.process_time_ns() - began_ns) / units / 1_000


def beat_us(rounds: int) -> float:
    units = 20_000
    step, none = ServiceHeartbeats("probe").step("written"), NoStep()

    def beat(which: Any) -> Callable[[], None]:
        def work() -> None:
            call = which.beat
            for _ in range(units):
                call(0.001, 500)

        return work

    return statistics.median(
        cpu_us(beat(step), units) - cpu_us(beat(none), units) for _ in range(rounds)
    )


def reports(folder: Path, rounds: int) -> dict[str, float]:
    beats = ServiceHeartbeats("physiology_server", "physiology")
    for name in ("backend_disconnects", "envelopes_lost", "frames_dropped", "clock_jumps"):
        beats.count(name, 0)
    page = ServicePage(lambda: service_families(beats), Health(folder / "page"))

    def second() -> None:
        for name, count in SECOND_OF_BEATS.items():
            step = beats.step(name)
            for _ in range(count):
                step.beat(0.001, 500)

    def after_a_second(work: Callable[[], object]) -> float:
        second()
        return cpu_us(work, 1)

    def page_text() -> object:
        return page.answer(Request("GET", "/metrics"))

    for _ in range(5):  # more than full
        second()
    return {
        "report_us": statistics.median(
            after_a_second(lambda: orjson.dumps(beats.report())) for _ in range(20 * rounds)
        ),
        "page_us": statistics.median(after_a_second(page_text) for _ in range(20 * rounds)),
    }


class Camera:
    """The server's loop for one camera, driven by hand."""

    def __init__(self, port: int, folder: Path, kind: type[ServiceHeartbeats]) -> None:
        argv = [
            "--source=synthetic", "--streaming_backend=redis", f"--redis_port={port}", "--port=0",
            f"--redis_key_prefix={kind.__name__.lower()}", "--autostart",
            "--stream_max_entries=2000", *ENABLED,
        ]  # fmt: skip
        settings, _ = Settings.load(argv, {})
        watchdog = Watchdog(Health(folder / kind.__name__), 60)
        with patch.object(app, "ServiceHeartbeats", kind):
            server = app.build(settings, watchdog)
        graph = server._loops[0].__self__  # type: ignore[attr-defined]  # noqa: SLF001
        assert isinstance(graph, FrameLoop)
        self.beats, self._watchdog, self._graph = server.beats, watchdog, graph
        self._publisher = server._publisher  # noqa: SLF001
        self._reports = kind is ServiceHeartbeats
        self._redis = connect_async(redis_config(settings).address)
        self._pipeline = graph._make_pipeline()  # noqa: SLF001
        self._frames = SyntheticSource(seed=1).frames()
        self._clock = SystemClock()

    async def second(self) -> None:
        for _ in range(FPS):
            self._watchdog.beat()
            shot = CapturedFrame(next(self._frames), self._clock.wall_us())
            self._graph._work(self._pipeline, undisturbed, shot)  # noqa: SLF001
            await self._publisher.flush()
        if self._reports:
            report = orjson.dumps(self.beats.report())
            await self._redis.publish(f"{redis_keys.HEARTBEATS}{self.beats.key}", report)

    async def frame_us(self, seconds: int) -> float:
        began_ns = time.process_time_ns()
        for _ in range(seconds):
            await self.second()
        return (time.process_time_ns() - began_ns) / seconds / FPS / 1_000


async def one_camera(port: int, folder: Path, rounds: int) -> dict[str, float]:
    beating, silent = Camera(port, folder, ServiceHeartbeats), Camera(port, folder, NoBeats)
    for camera in (beating, silent):
        await camera.frame_us(20)  # until windows are full
    pairs = []
    for turn in range(10 * rounds):
        order = (beating, silent) if turn % 2 else (silent, beating)
        took = {camera: await camera.frame_us(2) for camera in order}
        pairs.append((took[beating], took[silent]))
    steps = beating.beats.report()["steps"]
    overhead_us = statistics.median(with_us - without_us for with_us, without_us in pairs)
    return {
        "beats_per_frame": sum(each["count"] for each in steps.values())
        / steps["frames_in"]["count"],
        "frame_us": statistics.median(with_us for with_us, _ in pairs),
        "overhead_us_per_frame": overhead_us,
        "share_of_a_frame": overhead_us * FPS / 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--json", action="store_true", help="print one flat JSON object")
    parser.add_argument("--rounds", type=int, default=20, help="rounds of each measurement")
    parser.add_argument("--seconds", type=float, default=30, help="how long the server is watched")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = {"beat_us": beat_us(args.rounds), **reports(folder, args.rounds)}
        with own_redis() as rig:
            figures |= asyncio.run(one_camera(rig.address.port, folder, args.rounds))
        figures["core_share_1_camera"] = whole_server(args.seconds)["core_share_1_camera"]
    figures["share_of_server_cpu_1_camera"] = (
        figures["share_of_a_frame"] / figures["core_share_1_camera"]
    )
    show(figures, LIMITS, as_json=args.json)


if __name__ == "__main__":
    main()
