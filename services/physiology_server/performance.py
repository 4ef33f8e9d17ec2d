"""How fast the server is, for the log: frames a second, latency, hand-over, what was left out."""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass
from typing import Any

from services.physiology_server.publishing.send_latency import WINDOW_S, SendLatencies
from services.physiology_server.settings import Settings
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.frame import Frame
from services.physiology_server.state import ServerState
from vitalrig.clock import Clock
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)


class InstrumentedCore:
    """
    Core, with a heartbeat for each frame that it takes and for each buffer that it gives.

    Args:
        core: Does the work.
        beats: Where the steps `core_frames` and `core_buffers` beat.
        clock: What tells how long it took.
    """

    def __init__(self, core: Core, beats: ServiceHeartbeats, clock: Clock) -> None:
        self._core = core
        self._clock = clock
        self._frames = beats.step("core_frames")
        self._buffers = beats.step("core_buffers")

    def add(self, frame: Frame, timestamp_us: int) -> dict[str, Any] | None:
        """
        Take a frame, as `Core.add` does.
        """
        began_s = self._clock.monotonic_s()
        payload = self._core.add(frame, timestamp_us)
        busy_s = self._clock.monotonic_s() - began_s
        self._frames.beat(busy_s)
        if payload is not None:
            self._buffers.beat(busy_s)
        return payload

    def reset(self) -> None:
        """
        Forget all frames.
        """
        self._core.reset()


@dataclass(frozen=True, slots=True)
class Totals:
    """What had been counted at one moment."""

    time_s: float
    frames: int
    handovers: int
    handover_s: float
    dropped: Counter[str]


class Performance:
    """
    Logs measured figures every three seconds, the vendor's window, while frames are worked on.

    Effective frames a second are those that were worked on, not those that were promised. The
    latency is that of envelopes, from when they were made until the backend had them. A hand-over
    is Core's taking of what Edge has of a frame, which the vendor's flag calls transfer.

    Args:
        settings: Which figures are wanted.
        state: Counts frames.
        beats: Hold the steps of `InstrumentedCore`.
        latencies: Of what was published.
        clock: What tells the time.
    """

    def __init__(
        self,
        settings: Settings,
        state: ServerState,
        beats: ServiceHeartbeats,
        latencies: SendLatencies,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._state = state
        self._core = beats.step("core_frames")
        self._latencies = latencies
        self._clock = clock

    async def run(self) -> None:
        """
        Log until cancelled.
        """
        before = self.totals()
        while True:
            await asyncio.sleep(WINDOW_S)
            now = self.totals()
            self.log_between(before, now)
            before = now

    def totals(self) -> Totals:
        """
        What has been counted so far.
        """
        report = self._core.report()
        return Totals(
            self._clock.monotonic_s(),
            self._state.frames,
            report["count"],
            report["busy_s"],
            Counter(self._state.drops.by_reason),
        )

    def log_between(self, before: Totals, now: Totals) -> None:
        """
        Log what is wanted of the time between two moments; nothing where nothing happened.
        """
        settings, seconds = self._settings, now.time_s - before.time_s
        frames = now.frames - before.frames
        if settings.log_throughput_and_latency and frames:
            figures = {"effective_fps": round(frames / seconds, 2)}
            if (summary := self._latencies.summary()) is not None:
                figures |= {
                    "latency_p50_ms": round(summary.p50_ms, 2),
                    "latency_p99_ms": round(summary.p99_ms, 2),
                    "envelopes_per_s": round(summary.per_second, 1),
                }
            log.info("throughput and latency", extra=figures)
        handovers = now.handovers - before.handovers
        if settings.log_edge_core_transfer_times and handovers:
            mean_ms = 1_000 * (now.handover_s - before.handover_s) / handovers
            log.info(
                "transfer from Edge to Core",
                extra={"transfers": handovers, "mean_ms": round(mean_ms, 4)},
            )
        dropped = now.dropped - before.dropped
        if settings.log_dropped_frames and dropped:
            log.warning("frames were left out", extra=dict(dropped))
