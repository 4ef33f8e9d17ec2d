"""The frame loop: takes what the capture yields, steps the pipeline, fills the outbox."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable
from typing import Protocol

from services.physiology_server.captures.capture import (
    Capture,
    CapturedFrame,
    NoFrame,
    RecordedEnvelope,
    Restart,
)
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.scenarios.disturbance import Disturbance, undisturbed
from services.physiology_server.state import ServerState
from vitalrig.clock import Clock
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.watchdog import Watchdog

log = logging.getLogger(__name__)

IDLE_S = 0.05
ROOM_S = 0.5


class FrameObserver(Protocol):
    """Who wants to see pictures: it takes what it needs and never holds up the loop."""

    def see(self, shot: CapturedFrame) -> None:
        """Look at *shot*."""
        ...


class FrameLoop:
    """
    Runs while the Edge graph is started; idles otherwise.

    Args:
        state: What is shared with gRPC.
        make_capture: Makes the capture anew for each run of the graph.
        make_pipeline: Makes Core and Edge anew for each run of the graph.
        watchdog: Told that the loop turns.
        beats: Where heartbeats go.
        clock: What tells the time.
        onlooker: Sees every shot.
        make_disturb: Makes, for each run, what is between the pipeline and the outbox.
        tell_rate: Told, with each item, how many frames a second of its time the capture has.
        exit_at_end: Be done when a capture has come to its end.
    """

    def __init__(
        self,
        state: ServerState,
        make_capture: Callable[[], Capture],
        make_pipeline: Callable[[], Pipeline],
        watchdog: Watchdog,
        beats: ServiceHeartbeats,
        clock: Clock,
        onlooker: FrameObserver | None = None,
        make_disturb: Callable[[], Disturbance] = lambda: undisturbed,
        tell_rate: Callable[[float], None] = lambda _fps: None,
        exit_at_end: bool = False,
    ) -> None:
        self._state = state
        self._make_capture = make_capture
        self._make_pipeline = make_pipeline
        self._watchdog = watchdog
        self._clock = clock
        self._onlooker = onlooker
        self._make_disturb = make_disturb
        self._tell_rate = tell_rate
        self._exit_at_end = exit_at_end
        self._frames_in = beats.step("frames_in")

    async def run(self) -> None:
        """
        Run until cancelled, or to the end of the source if that is wanted.
        """
        ended = False
        while not (ended and self._exit_at_end):
            self._watchdog.beat()
            if self._state.control.edge_running:
                ended = await self._run_once()
            else:
                await asyncio.sleep(IDLE_S)

    async def _run_once(self) -> bool:
        """
        Run from a start of the graph to its stop; tell whether the source has ended.
        """
        ended = False
        state, control = self._state, self._state.control
        started = control.starts
        capture, pipeline, disturb = (
            self._make_capture(), self._make_pipeline(), self._make_disturb(),
        )  # fmt: skip
        log.info("graph started", extra={"source": capture.kind, "fps": capture.fps})
        async with contextlib.aclosing(capture.items()) as items:
            async for item in items:
                self._watchdog.beat()
                self._tell_rate(capture.fps)
                if not control.edge_running or control.starts != started:
                    break  # a start that follows the stop at once is another run
                if isinstance(item, Restart):
                    state.restart()
                    started = control.starts
                    pipeline = self._make_pipeline()
                elif isinstance(item, NoFrame):
                    self._idle(item)
                else:
                    self._work(pipeline, disturb, item)
                del item  # its picture may be large
                if capture.waits:
                    await self._wait_for_room()
            else:
                ended = True
                log.info("the source has ended")
                if control.starts == started:
                    control.stop_edge_graph()
        for outgoing in disturb(math.inf, ()):  # what it still holds back
            state.outbox.put(outgoing)
        log.info("graph stopped")
        state.graph_time_s = 0.0
        state.announce()
        return ended

    async def _wait_for_room(self) -> None:
        state = self._state
        while not await state.outbox.room(ROOM_S) and state.control.edge_running:
            self._watchdog.beat()

    def _idle(self, item: NoFrame) -> None:
        if item.status is not None:
            self._state.control.see(item.status, self._clock.wall_us())
        self._state.announce()

    def _work(
        self, pipeline: Pipeline, disturb: Disturbance, item: CapturedFrame | RecordedEnvelope
    ) -> None:
        state = self._state
        began_s = self._clock.monotonic_s()
        if isinstance(item, CapturedFrame):
            time_s = item.frame.time_s
            made = pipeline.step(item.frame, item.stamp_us)
            if self._onlooker is not None:
                self._onlooker.see(item)
        else:
            time_s = item.time_s
            made = pipeline.pass_on(item.outgoing)
        state.graph_time_s = time_s
        for outgoing in disturb(time_s, made):
            state.outbox.put(outgoing)
        state.frames += 1
        self._frames_in.beat(self._clock.monotonic_s() - began_s)
