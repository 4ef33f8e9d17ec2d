"""The exporter, joined from its parts by `build`."""

import gc
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from services.exporter.other_rigs import other_rigs
from services.exporter.periodic_task import PeriodicTask
from services.exporter.redis_snapshot import scrape_client
from services.exporter.report_board import ReportBoard
from services.exporter.report_listener import ReportListener
from services.exporter.request_counter import RequestCounter
from services.exporter.routes import PATHS, Web
from services.exporter.scrape_page import ScrapePage
from services.exporter.session_file_counts import SessionFileCounts
from services.exporter.settings import Settings, limits_of
from services.exporter.snapshots.folder import SnapshotFolder
from services.exporter.sources.base import Source
from services.exporter.sources.cameras import CameraSource
from services.exporter.sources.disk import DiskSource, FileSource
from services.exporter.sources.exporter import ExporterSource
from services.exporter.sources.heartbeats import HeartbeatSource
from services.exporter.sources.redis_server import RedisSource
from services.exporter.sources.snapshots import SnapshotSource
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import CannotStart, Unavailable
from vitalrig.event_outlets import open_events
from vitalrig.events import Emitter
from vitalrig.heartbeat_publisher import HeartbeatPublisher
from vitalrig.redis_client import RedisAddress, connect
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.service_page import ServicePage
from vitalrig.service.watchdog import Watchdog
from vitalrig.version import VERSION
from vitalrig.web.http_server import HttpServer
from vitalrig.web.messages import Request, Response
from vitalrig.web.security import WebSecurity

log = logging.getLogger(__name__)

TURN_S = 0.5
LOOK_AT_SNAPSHOTS_EVERY_S = 1.0
COUNT_FILES_EVERY_S = 30.0


class Work(Protocol):
    """What is done beside the scrapes, in a thread of its own."""

    def start(self, stop: threading.Event) -> None:
        """
        Work until *stop* is set.
        """
        ...


class Exporter:
    """
    Serves the page until told to stop, and reports its own heartbeats meanwhile.

    Args:
        serve: Makes the server; its port is taken when the exporter runs.
        background: What is done beside the scrapes.
        publisher: Publishes the exporter's own heartbeats.
        watchdog: Told that the loop turns.
        events: What it says its events with.
    """

    def __init__(
        self,
        serve: Callable[[], HttpServer],
        background: Sequence[Work],
        publisher: HeartbeatPublisher,
        watchdog: Watchdog,
        events: Emitter,
    ) -> None:
        self.events = events
        self._serve = serve
        self._background = background
        self._publisher = publisher
        self.beats = publisher.beats
        self._watchdog = watchdog
        self.port = 0

    def run(self, stop: threading.Event) -> None:
        """
        Serve until *stop* is set.

        Raises:
            CannotStart: If the port is taken.
        """
        server = self._serve()
        self.port = server.port
        for work in self._background:
            work.start(stop)
        thread = threading.Thread(
            target=server.serve_forever, args=(TURN_S,), name="http", daemon=True
        )
        thread.start()
        # What is loaded now stays until the end. A collection that walks through all of it would
        # hold up the scrape in which it falls for longer than the scrape itself takes.
        gc.collect()
        gc.freeze()
        self._watchdog.health.ready()
        log.info("exporter ready", extra={"port": self.port, "version": VERSION})
        while not stop.wait(TURN_S):
            self._publish_heartbeats()
            self._watchdog.health.set("http", None if thread.is_alive() else "the server has ended")
            self._watchdog.beat()
        server.shutdown()
        server.server_close()

    def _publish_heartbeats(self) -> None:
        try:
            if self._publisher.publish_if_due():
                self._watchdog.health.ok("redis")
        except Unavailable as exc:
            self._watchdog.health.fail("redis", str(exc))


def build(settings: Settings, watchdog: Watchdog, clock: Clock | None = None) -> Exporter:
    """
    Join the parts.

    Args:
        settings: What the exporter was told.
        watchdog: Told that the loop turns.
        clock: What tells the time; the machine's clock by default.

    Raises:
        BadSettings: If a password file or the web config file cannot be used.
    """
    clock = clock or SystemClock()
    security = WebSecurity(settings.web_config_file, clock)
    beats = ServiceHeartbeats("exporter", clock=clock)
    requests = RequestCounter(PATHS)
    files = SessionFileCounts(settings.sessions_folder)
    redis_address = RedisAddress.of(settings)
    client = scrape_client(redis_address)
    board = ReportBoard(clock)
    background: list[Work] = [
        ReportListener(client, board, clock),
        PeriodicTask("session files", COUNT_FILES_EVERY_S, files.look),
    ]
    sources: list[Source] = [
        ExporterSource(requests, beats=beats, stale_after_s=settings.stale_after_s),
        CameraSource(limits_of(settings)),
        HeartbeatSource(settings.stale_after_s, besides=beats.service),
        RedisSource(client),
        DiskSource(settings.sessions_folder),
        FileSource(files.latest),
    ]
    if settings.snapshot_files:
        snapshots = SnapshotFolder(
            settings.snapshot_files,
            settings.snapshot_stale_after_s,
            settings.snapshot_max_bytes,
            clock,
        )
        background.append(PeriodicTask("snapshots", LOOK_AT_SNAPSHOTS_EVERY_S, snapshots.look))
        sources.insert(
            2, SnapshotSource(snapshots.latest, settings.snapshot_stale_after_s)
        )  # our collector's cameras come first
    rigs = other_rigs(settings, clock)
    background += [listener for _, listener in rigs.values()]
    page = ScrapePage(sources, board, settings.max_cameras, clock)
    web = Web(
        page=ServicePage(page.families, watchdog.health),
        targets={name: page.families for name, (page, _) in rigs.items()},
        requests=requests,
        verdict=security.verdict,
    )
    return Exporter(
        lambda: _serve(settings, counted(web.answer, beats, clock), security, clock),
        background,
        HeartbeatPublisher(connect(redis_address), beats, clock),
        watchdog,
        open_events(settings, beats, clock),
    )


def counted(
    answer: Callable[[Request], Response], beats: ServiceHeartbeats, clock: Clock
) -> Callable[[Request], Response]:
    """
    Let every page of metrics be a heartbeat.
    """
    steps = {"/metrics": beats.step("scrapes"), "/probe": beats.step("probes")}

    def wrapped(request: Request) -> Response:
        began_s = clock.monotonic_s()
        reply = answer(request)
        if request.path in steps and reply.status == 200:  # noqa: PLR2004  OK
            steps[request.path].beat(clock.monotonic_s() - began_s, len(reply.body))
        return reply

    return wrapped


def _serve(
    settings: Settings, answer: Callable[[Request], Response], security: WebSecurity, clock: Clock
) -> HttpServer:
    try:
        return HttpServer(
            (settings.listen_address, settings.port),
            answer,
            security.context,
            settings.max_requests,
            clock,
        )
    except OSError as exc:
        raise CannotStart(
            f"{settings.listen_address}:{settings.port} cannot be listened on: {exc.strerror}"
        ) from exc
