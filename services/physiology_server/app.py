"""The server, joined from its parts by `build`."""

import asyncio
import contextlib
import logging
import math
import secrets
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from services.physiology_server.backend_factory import (
    make_backend,
    make_spool,
    redis_config,
)
from services.physiology_server.capture_factory import (
    CaptureDependencies,
    is_session,
    make_capture,
    recorded_in,
    seed_of,
)
from services.physiology_server.captures.upload_capture import UploadQueue
from services.physiology_server.control import Control
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.frame_loop import FrameLoop
from services.physiology_server.performance import InstrumentedCore, Performance
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.publishing.backend import Backend
from services.physiology_server.publishing.backends.redis.lease import Lease
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.preview import PreviewPublisher
from services.physiology_server.publishing.publisher import Publisher
from services.physiology_server.publishing.subscribers import Subscribers
from services.physiology_server.rpc.operations import Operations, ServerInfo
from services.physiology_server.rpc.rpc_options import OWN_SERVICE, RpcOptions
from services.physiology_server.rpc.rpc_server import RpcServer
from services.physiology_server.scenarios.capture_id import capture_id
from services.physiology_server.scenarios.disturbance import disturbance_of
from services.physiology_server.scenarios.followed_scenario import FollowedScenario
from services.physiology_server.scenarios.scenario import Scenario
from services.physiology_server.scenarios.scenario_file import load_scenario
from services.physiology_server.settings import Settings
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import EDA_FIRST_AFTER_S, Edge
from services.physiology_server.signals.frame import SourceKind
from services.physiology_server.signals.rate_estimator import BREATHING, PULSE
from services.physiology_server.source_signals import signals_of, warn_of_signals
from services.physiology_server.spool.previous_run import PreviousRun
from services.physiology_server.spool.spool import Spool
from services.physiology_server.state import ServerState
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import BadSettings
from vitalrig.event_outlets import open_events
from vitalrig.events import NO_EVENTS, Emitter
from vitalrig.heartbeat_publisher import keep_publishing
from vitalrig.redis_client import connect_async
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.watchdog import Watchdog
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

LAST_FLUSH_S = 5.0
GRACE_S = 1.0
SPARE_S = 1.0

Loop = Callable[[], Coroutine[Any, Any, None]]
"""Something that runs until it is cancelled."""


class PhysiologyServer:
    """
    gRPC control, the frame loop and the publisher, until told to stop.

    On stop, a recording that runs is ended, its end is published, and what waits is sent for up
    to five seconds. What is left then waits on disk for the next run, if there is a spool.

    Attributes:
        port: Where gRPC listens, once it does.
        state: What is shared with gRPC.
        beats: Its heartbeats.
        events: What it says its events with.
    """

    def __init__(
        self,
        rpc: RpcServer,
        state: ServerState,
        publisher: Publisher,
        backend: Backend,
        pictures: PreviewPublisher,
        loops: Sequence[Loop],
        beats: ServiceHeartbeats,
        watchdog: Watchdog,
        lease: Lease | None = None,
        events: Emitter = NO_EVENTS,
    ) -> None:
        self.events = events
        self._rpc = rpc
        self._lease = lease
        self.beats = beats
        self.state = state
        self._publisher = publisher
        self._backend = backend
        self._pictures = pictures
        self._loops = loops
        self._watchdog = watchdog
        self.port = 0

    def run(self, stop: threading.Event) -> None:
        """
        Serve until *stop* is set.

        Raises:
            CannotStart: If the port is taken, or another server publishes with the prefix.
            CannotGoOn: If another server has taken the prefix.
        """
        asyncio.run(self.serve(stop))

    async def serve(self, stop: threading.Event) -> None:
        """
        The same, on a running event loop.
        """
        try:
            if self._lease is not None:
                await self._lease.take(stop)
            self.port = await self._rpc.start()
            self.state.announce()
            self._watchdog.health.ready()
            socket = self._rpc.socket
            place = {"socket": socket} if socket else {"port": self.port}
            log.info("physiology_server ready", extra=place | {"version": VERSION})
            await self._work_until(stop)
            self._pictures.close()
            await _within(GRACE_S, self._rpc.leave())
            await self._say_goodbye()
        finally:
            # After a fault as well: what waits is kept, and who comes next finds all doors open.
            await _within(2 * GRACE_S, self._rpc.stop(GRACE_S))
            if self._lease is not None:
                await _within(GRACE_S, self._lease.release())
            await _within(GRACE_S, self._backend.close())
            self.state.outbox.let_go()

    async def _work_until(self, stop: threading.Event) -> None:
        tasks = [asyncio.create_task(loop()) for loop in self._loops]
        stopped = asyncio.create_task(asyncio.to_thread(stop.wait), name="stop")
        done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=GRACE_S)
        stop.set()
        for task in tasks:
            if task in done:
                task.result()  # raises what ended it; one may be done, see `exit_at_end`

    async def _say_goodbye(self) -> None:
        self.state.control.stop_edge_graph()
        self.state.announce()
        await _within(LAST_FLUSH_S, self._publisher.flush())
        await _within(GRACE_S, self._publisher.close())


async def _within(seconds: float, step: Awaitable[object]) -> None:
    """
    Give one step of stopping its time and no more: a peer that hangs must not keep us.
    """
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(step, seconds)


@dataclass(frozen=True, slots=True)
class RunInfo:
    """
    What is decided once, before anything starts.

    Attributes:
        settings: What was set.
        scenario: What happens to the subject, if anything does.
        kind: What the frames are made of.
        run_id: Names this run of the server.
        clock: What tells the time.
    """

    settings: Settings
    scenario: Scenario | None
    kind: SourceKind
    run_id: str
    clock: Clock

    @property
    def seed(self) -> int:
        """
        The seed that counts.
        """
        return seed_of(self.settings, self.scenario)

    @property
    def frames_id(self) -> str:
        """
        What `metadata.id` names: the frames where they can be had again, else this run.
        """
        path = recorded_in(self.settings)
        if path is None or self.settings.scenario_reload:
            return self.run_id
        settings = self.settings
        facts = {
            "seed": self.seed,
            "fps": settings.fps,
            "pulse": settings.pulse_rate,
            "breathing": settings.breathing_rate,
            "path": path,
        }
        return capture_id(facts, self.scenario)


def build(settings: Settings, watchdog: Watchdog) -> PhysiologyServer:
    """
    Join the parts.

    Raises:
        BadSettings: If the source, the scenario, the backend or the door cannot be opened.
        CannotStart: If the file backend's or the spool's folder is in use.
    """
    clock, run_id, subscribers = SystemClock(), secrets.token_hex(8), Subscribers()
    camera = redis_config(settings).key_prefix
    beats = ServiceHeartbeats("physiology_server", camera, clock)
    beats.facts["camera"] = camera
    spool = make_spool(settings, run_id, watchdog.health, clock)
    past = PreviousRun() if spool is None else spool.past
    state = make_state(settings, run_id, spool, subscribers, beats, clock)
    scenario, followed = open_scenario(settings, clock)
    events = make_events(settings, beats, clock)
    captures = CaptureDependencies(
        clock,
        beats,
        events,
        state.drops,
        UploadQueue(state.drops),
        state.control.set_recording,
        lambda: state.frames,
        followed,
    )
    capture = make_capture(settings, scenario, captures)
    warn_of_signals(settings)
    run = RunInfo(settings, scenario, capture.kind, run_id, clock)
    beats.facts.update(source=run.kind, camera=camera, run=run_id)
    tell_frame_rate(beats, settings.speed, capture.fps)
    backend, lease = make_backend(settings, subscribers, run_id, beats, clock, past.run)
    publisher = Publisher(state.outbox, backend, beats, watchdog.health, clock)
    pictures = PreviewPublisher(
        state.outbox,
        beats,
        run.kind,
        frame_fps=settings.frame_fps,
        frame_quality=settings.frame_quality,
        frame_max_width=settings.frame_max_width,
    )
    loops: list[Loop] = [
        make_frame_loop(run, state, captures, pictures, watchdog, beats).run,
        publisher.run,
        Performance(settings, state, beats, publisher.latencies, clock).run,
    ]
    if lease is not None:
        client = connect_async(redis_config(settings).address)
        loops += [lease.run, partial(keep_publishing, client, beats)]
    if spool is not None:
        loops.append(spool.run)
    return PhysiologyServer(
        make_rpc_server(run, camera, state, captures.uploads, subscribers),
        state,
        publisher,
        backend,
        pictures,
        loops,
        beats,
        watchdog,
        lease,
        events,
    )


def make_events(settings: Settings, beats: ServiceHeartbeats, clock: Clock) -> Emitter:
    """
    Make what the server says its events with; without Redis nobody hears them.

    Raises:
        BadSettings: If Redis's password cannot be read.
    """
    if settings.streaming_backend != "redis":
        return NO_EVENTS
    address = redis_config(settings).address
    return open_events(settings, beats, clock, address=address)


def open_scenario(
    settings: Settings, clock: Clock
) -> tuple[Scenario | None, FollowedScenario | None]:
    """
    Read the scenario, if there is one, and where it can grow also what reads it again.

    Raises:
        BadSettings: If it cannot work, or there is none that could change.
    """
    if settings.scenario is None:
        if settings.scenario_reload:
            raise BadSettings("scenario_reload: there is no scenario: name one, or leave it out")
        return None, None
    if not settings.scenario_reload:
        return load_scenario(settings.scenario), None
    followed = FollowedScenario(settings.scenario, clock)
    return followed.scenario, followed


def make_state(
    settings: Settings,
    run_id: str,
    spool: Spool | None,
    subscribers: Subscribers,
    beats: ServiceHeartbeats,
    clock: Clock,
) -> ServerState:
    """
    Make what gRPC, the frame loop and the publisher share.
    """
    taken_up = spool.past.recording if spool and may_take_up(settings) else None
    control = Control(clock, taken_up)
    if settings.autostart:
        control.start_core()
        control.start_edge_graph()
    outbox = Outbox(
        settings.outbox_max_envelopes,
        clock,
        tap=None if settings.streaming_backend == "grpc" else subscribers.offer,
        run=run_id,
        spool=spool,
    )
    return ServerState(
        control, outbox, warm_up_s(settings), DroppedFrames(beats), settings.buffer_duration
    )


def make_frame_loop(
    run: RunInfo,
    state: ServerState,
    captures: CaptureDependencies,
    pictures: PreviewPublisher,
    watchdog: Watchdog,
    beats: ServiceHeartbeats,
) -> FrameLoop:
    """
    Make the loop that takes frames; it makes all that it needs anew for each run of the graph.
    """
    settings = run.settings
    return FrameLoop(
        state,
        partial(make_capture, settings, run.scenario, captures),
        partial(make_pipeline, run, state, beats),
        watchdog,
        beats,
        run.clock,
        onlooker=pictures,
        make_disturb=partial(disturbance_of, run.scenario, run.seed, captures.followed),
        tell_rate=partial(tell_frame_rate, beats, settings.speed),
        exit_at_end=settings.exit_at_end,
    )


def make_rpc_server(
    run: RunInfo, camera: str, state: ServerState, uploads: UploadQueue, subscribers: Subscribers
) -> RpcServer:
    """
    Make the gRPC side.

    Raises:
        BadSettings: If the door cannot be opened as it is set.
    """
    settings = run.settings
    about = ServerInfo(
        source=run.kind,
        backend=settings.streaming_backend,
        camera=camera,
        run_id=run.run_id,
        started_at_us=run.clock.wall_us(),
        capabilities=tuple(capabilities(settings)),
        signals=signals_of(settings),
    )
    # Whatever a scenario does to the frames: the source is who sends them.
    taken = uploads if settings.source == "upload" else None
    return RpcServer(rpc_options(settings), Operations(state, about, taken), subscribers)


def tell_frame_rate(beats: ServiceHeartbeats, speed: float, fps: float) -> None:
    """
    Report how many frames a second there are, unless they come as fast as they can.
    """
    if math.isfinite(rate_hz := fps * speed):
        beats.facts["frame_rate_hz"] = round(rate_hz, 2)


def may_take_up(settings: Settings) -> bool:
    """
    Whether a recording that a crash cut off goes on.

    A replayed session says itself what is recorded.
    """
    return settings.resume_recording and not is_session(settings)


def make_pipeline(run: RunInfo, state: ServerState, beats: ServiceHeartbeats) -> Pipeline:
    """
    Make Core and Edge for one run of the graph.
    """
    settings = run.settings
    edge = Edge(
        enable_eda=settings.enable_eda,
        enable_micromotion=settings.enable_micromotion,
        source_kind=run.kind,
    )
    core = Core(
        buffer_duration_s=state.buffer_duration_s,
        enable_phasic_bp=settings.enable_phasic_bp,
        source_kind=run.kind,
        run_id=run.frames_id,
        version=VERSION,
        clock=run.clock,
    )
    measured = InstrumentedCore(core, beats, run.clock)
    return Pipeline(state.control, edge, measured, settings.publish_core)


def rpc_options(settings: Settings) -> RpcOptions:
    """
    What the settings say of gRPC.

    Raises:
        BadSettings: If a pair in `rpc_method_names` is none.
    """
    names = {}
    for pair in settings.rpc_method_names:
        verb, mark, method = pair.partition("=")
        if not (verb and mark and method):
            raise BadSettings(f"rpc_method_names: {pair!r}: write Verb=Method")
        names[verb] = method
    return RpcOptions(
        listen_address=settings.listen_address,
        port=settings.port,
        rpc_service_name=settings.rpc_service_name or OWN_SERVICE,
        rpc_method_names=names,
        rpc_descriptors=settings.rpc_descriptors,
        rpc_module=settings.rpc_module,
        tls_certificate_file=settings.tls_certificate_file,
        tls_key_file=settings.tls_key_file,
        token_file=settings.token_file,
        allow_insecure=settings.allow_insecure,
        max_message_bytes=settings.max_message_mib * 1024 * 1024,
    )


def capabilities(settings: Settings) -> Iterator[str]:
    """
    Name what is switched on beyond the least.
    """
    for name, on in (
        ("phasic_bp", settings.enable_phasic_bp),
        ("eda", settings.enable_eda),
        ("micromotion", settings.enable_micromotion),
        ("pictures", settings.frame_fps > 0),
        ("upload", settings.source == "upload"),
        ("scenario", settings.scenario is not None),
    ):
        if on:
            yield name


def warm_up_s(settings: Settings) -> dict[str, float]:
    """
    Tell how many seconds of frames each signal that this source can give needs at first.
    """
    needed = {
        "pulse": PULSE.first_after_s, "breathing": BREATHING.first_after_s,
        "eda": EDA_FIRST_AFTER_S,
    }  # fmt: skip
    there = signals_of(settings)
    return {name: seconds + SPARE_S for name, seconds in needed.items() if name in there}
