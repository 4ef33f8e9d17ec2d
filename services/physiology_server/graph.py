"""The frame loop: takes frames from the source when they are due, and steps the pipeline."""

import asyncio
import logging
from collections.abc import Callable

from services.physiology_server.pacing import Pacing
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.sources.base import Source
from services.physiology_server.state import ServerState
from vitalrig.beats import Beats
from vitalrig.clock import Clock
from vitalrig.service import Pulse

log = logging.getLogger(__name__)

IDLE_S = 0.05


class Graph:
    """
    Runs while the Edge graph is started; idles otherwise.

    Args:
        state: What is shared with gRPC.
        make_source: Makes the source anew for each run of the graph.
        make_pipeline: Makes Core and Edge anew for each run of the graph.
        pulse: Told that the loop turns.
        beats: Where heartbeats go.
        clock: What tells the time.
    """

    def __init__(
        self,
        state: ServerState,
        make_source: Callable[[], Source],
        make_pipeline: Callable[[], Pipeline],
        pulse: Pulse,
        beats: Beats,
        clock: Clock,
    ) -> None:
        self._state = state
        self._make_source = make_source
        self._make_pipeline = make_pipeline
        self._pulse = pulse
        self._beats = beats
        self._clock = clock
        self._frames_in = beats.step("frames_in")
        for name in ("frames_dropped", "clock_jumps"):
            beats.count(name, 0)

    async def run(self) -> None:
        """
        Run until cancelled.
        """
        while True:
            self._pulse.beat()
            if self._state.control.edge_running:
                await self._run_once()
            else:
                await asyncio.sleep(IDLE_S)

    async def _run_once(self) -> None:
        state = self._state
        source, pipeline, pacing = self._make_source(), self._make_pipeline(), Pacing(self._clock)
        jumps = 0
        log.info("graph started", extra={"source": source.kind, "fps": source.fps})
        for frame in source.frames():
            await asyncio.sleep(max(0.0, pacing.wait_s(frame.time_s)))
            self._pulse.beat()
            if not state.control.edge_running:
                break
            state.graph_time_s = frame.time_s
            if pacing.too_late(frame.time_s):
                state.frames_dropped += 1
                self._beats.count("frames_dropped")
                continue
            began_s = self._clock.monotonic_s()
            for outgoing in pipeline.step(frame, pacing.stamp_us(frame.time_s)):
                state.outbox.put(outgoing)
            state.frames += 1
            self._frames_in.beat(self._clock.monotonic_s() - began_s)
            if pacing.clock_jumps != jumps:
                jumps = pacing.clock_jumps
                self._beats.count("clock_jumps")
                log.warning("the wall clock was set; stamps follow it")
        else:
            log.info("the source has ended")
            state.control.stop_edge_graph()
        state.graph_time_s = 0.0
        state.announce()
