"""The server, joined from its parts by `build`."""

import asyncio
import contextlib
import logging
import secrets
import threading
from collections.abc import Awaitable

import grpc
import orjson
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.physiology_server.captures.paced import PacedCapture
from services.physiology_server.control import Control
from services.physiology_server.core import Core
from services.physiology_server.drops import Drops
from services.physiology_server.edge import EDA_FIRST_AFTER_S, Edge
from services.physiology_server.estimate import BREATHING, PULSE
from services.physiology_server.graph import Graph
from services.physiology_server.outbox import Outbox
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.publisher import Publisher
from services.physiology_server.servicer import Servicer
from services.physiology_server.settings import Settings
from services.physiology_server.sources.base import Source
from services.physiology_server.sources.replay import ReplaySource
from services.physiology_server.sources.synthetic import SyntheticSource
from services.physiology_server.state import ServerState
from services.physiology_server.streaming.base import Backend
from services.physiology_server.streaming.redis_ipc import RedisBackend
from vitalrig import keys
from vitalrig.beats import Beats
from vitalrig.bus import AWAY, connect_async
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import BadSettings, CannotStart
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.service import Pulse
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

SERVICE_NAME = pb.DESCRIPTOR.services_by_name["Physiology"].full_name
REPORT_EVERY_S = 1.0
LAST_FLUSH_S = 5.0
GRACE_S = 1.0
SPARE_S = 1.0


class PhysiologyServer:
    """
    gRPC control, the frame loop and the publisher, until told to stop.

    On stop, a recording that runs is ended, its end is published, and what waits is sent for up
    to five seconds.
    """

    def __init__(
        self,
        address: str,
        state: ServerState,
        graph: Graph,
        publisher: Publisher,
        backend: Backend,
        reporter: "Reporter",
        pulse: Pulse,
    ) -> None:
        self._address = address
        self._state = state
        self._graph = graph
        self._publisher = publisher
        self._backend = backend
        self._reporter = reporter
        self._pulse = pulse
        self.port = 0

    def run(self, stop: threading.Event) -> None:
        """
        Serve until *stop* is set.

        Raises:
            CannotStart: If the port is taken.
        """
        asyncio.run(self._run(stop))

    async def _run(self, stop: threading.Event) -> None:
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        pb_grpc.add_PhysiologyServicer_to_server(Servicer(self._state), server)
        serving = health.aio.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(serving, server)
        reflection.enable_server_reflection(
            (SERVICE_NAME, health.SERVICE_NAME, reflection.SERVICE_NAME), server
        )
        try:
            self.port = server.add_insecure_port(self._address)
        except RuntimeError as exc:
            raise CannotStart(f"{self._address} cannot be listened on; is it taken?") from exc
        await server.start()
        for name in ("", SERVICE_NAME):
            await serving.set(name, health_pb2.HealthCheckResponse.SERVING)
        self._state.announce()
        self._pulse.health.ready()
        log.info("physiology_server ready", extra={"port": self.port, "version": VERSION})
        await self._work_until(stop)
        await _within(GRACE_S, serving.enter_graceful_shutdown())
        await self._say_goodbye()
        await _within(2 * GRACE_S, server.stop(GRACE_S))
        await _within(GRACE_S, self._backend.close())

    async def _work_until(self, stop: threading.Event) -> None:
        tasks = [
            asyncio.create_task(self._graph.run(), name="graph"),
            asyncio.create_task(self._publisher.run(), name="publisher"),
            asyncio.create_task(self._reporter.run(), name="reporter"),
        ]
        stopped = asyncio.create_task(asyncio.to_thread(stop.wait), name="stop")
        done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=GRACE_S)
        stop.set()
        for task in tasks:
            if task in done:
                task.result()  # a loop that ended by itself is a fault: end the process with it

    async def _say_goodbye(self) -> None:
        self._state.control.stop_edge_graph()
        self._state.announce()
        await _within(LAST_FLUSH_S, self._publisher.flush())


async def _within(seconds: float, step: Awaitable[object]) -> None:
    """
    Give one step of stopping its time and no more: a peer that hangs must not keep us.
    """
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(step, seconds)


class Reporter:
    """Publishes the heartbeats about once a second. A Redis that is away misses a report."""

    def __init__(self, settings: Settings, beats: Beats) -> None:
        self._client = connect_async(settings)
        self._beats = beats

    async def run(self) -> None:
        """
        Report until cancelled.
        """
        async with self._client:
            while True:
                with contextlib.suppress(*AWAY):
                    report = orjson.dumps(self._beats.report())
                    await self._client.hset(keys.HEARTBEATS, self._beats.key, report)
                await asyncio.sleep(REPORT_EVERY_S)


def build(settings: Settings, pulse: Pulse) -> PhysiologyServer:
    """
    Join the parts.

    Raises:
        BadSettings: If the source cannot be opened.
    """
    clock: Clock = SystemClock()
    run_id = secrets.token_hex(8)
    try:
        source = make_source(settings)
    except ValueError as exc:
        raise BadSettings(str(exc)) from exc
    control = Control(clock)
    outbox = Outbox(settings.outbox_max_envelopes)
    beats = Beats("physiology_server", settings.redis_key_prefix, clock)
    drops = Drops(beats)
    state = ServerState(control, outbox, source.kind, warm_up_s(settings, source), drops)
    beats.facts.update(source=source.kind, camera=settings.redis_key_prefix, run=run_id)
    backend = RedisBackend(
        connect_async(settings), settings.redis_key_prefix, run_id, settings.stream_max_entries
    )

    def make_pipeline() -> Pipeline:
        edge = Edge(
            enable_eda=settings.enable_eda,
            enable_micromotion=settings.enable_micromotion,
            source_kind=source.kind,
        )
        core = Core(
            buffer_duration_s=settings.buffer_duration,
            enable_phasic_bp=settings.enable_phasic_bp,
            source_kind=source.kind,
            run_id=run_id,
            version=VERSION,
            clock=clock,
        )
        return Pipeline(control, edge, core, settings.publish_core)

    if settings.autostart:
        control.start_core()
        control.start_edge_graph()
    return PhysiologyServer(
        address=f"{settings.listen_address}:{settings.port}",
        state=state,
        graph=Graph(
            state,
            lambda: PacedCapture(make_source(settings), clock, beats, drops),
            make_pipeline,
            pulse,
            beats,
            clock,
        ),
        publisher=Publisher(outbox, backend, beats, pulse.health, clock),
        backend=backend,
        reporter=Reporter(settings, beats),
        pulse=pulse,
    )


def make_source(settings: Settings) -> Source:
    """
    Open the source that the settings name.

    Raises:
        ValueError: If the recording cannot be read.
    """
    if settings.source == "replay":
        return ReplaySource.from_csv(
            settings.replay_path,
            fps=settings.fps,
            loop=settings.replay_loop,
            start_s=settings.replay_start_s,
        )
    return SyntheticSource(
        seed=settings.seed,
        fps=settings.fps,
        pulse_per_minute=settings.pulse_rate,
        breathing_per_minute=settings.breathing_rate,
    )


def warm_up_s(settings: Settings, source: Source) -> dict[str, float]:
    """
    Tell how many seconds of frames each signal that this source can give needs at first.
    """
    signals = next(iter(source.frames())).signals
    needed = {"pulse": PULSE.first_after_s, "breathing": BREATHING.first_after_s}
    if settings.enable_eda and signals.eda is not None:
        needed["eda"] = EDA_FIRST_AFTER_S
    return {signal: seconds + SPARE_S for signal, seconds in needed.items()}
