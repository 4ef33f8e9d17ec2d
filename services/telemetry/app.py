"""The telemetry service, joined from its parts by `build`."""

import logging
import socket
import threading
from collections.abc import Callable

from fastapi import FastAPI
from starlette.routing import Route

from services.telemetry.disk_watch import DiskWatch
from services.telemetry.event_intake import EventIntake
from services.telemetry.intake_position import IntakePosition
from services.telemetry.log_outlet import LogOutlet
from services.telemetry.redis_watch import RedisWatch
from services.telemetry.settings import Settings
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import CannotStart, Unavailable
from vitalrig.events import Emitter, Events
from vitalrig.heartbeat_publisher import HeartbeatPublisher
from vitalrig.redis_client import RedisAddress, connect
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.service_page import PATHS, ServicePage, service_families
from vitalrig.service.watchdog import Watchdog
from vitalrig.telemetry.api_app import ADMIN, PUBLIC, create_app
from vitalrig.telemetry.telemetry_service import TelemetryService
from vitalrig.version import VERSION
from vitalrig.web.access import Access
from vitalrig.web.asgi import Receive, Scope, Send, application
from vitalrig.web.asgi_server import AsgiServer, listen
from vitalrig.web.exposure import check_exposure
from vitalrig.web.messages import Request, Response
from vitalrig.web.request_guard import GuardRules
from vitalrig.web.security import WebSecurity
from vitalrig.web.tokens import TokenFile

log = logging.getLogger(__name__)

TURN_S = 0.5
GRACE_S = 5.0
MIB = 1 << 20

COUNTED = {
    "events": "log_events",
    "refused": "log_refused",
    "torn_ends": "log_torn_ends",
}
"""What the log counts, and the counters of the service's report."""


class Telemetry:
    """
    Serves the log over HTTP and takes in what the rig says, until told to stop.

    Args:
        events_log: The log; closed with *events*, whose last word is in it.
        make_server: Makes the HTTP server, which ends when the event that it is given is set.
        bind: Takes the port.
        intake: Takes in what the rig says.
        watch: Knows how Redis is.
        disks: Looks at disks.
        publisher: Publishes the service's heartbeats.
        watchdog: Told that the loop turns.
        events: What it says its own events with.

    Attributes:
        port: Where HTTP listens, once it does.
    """

    def __init__(
        self,
        events_log: TelemetryService,
        make_server: Callable[[threading.Event], AsgiServer],
        bind: Callable[[], socket.socket],
        intake: EventIntake,
        watch: RedisWatch,
        disks: DiskWatch,
        publisher: HeartbeatPublisher,
        watchdog: Watchdog,
        events: Emitter,
    ) -> None:
        self.events_log = events_log
        self._make_server = make_server
        self._bind = bind
        self._intake = intake
        self._watch = watch
        self._disks = disks
        self._publisher = publisher
        self.beats = publisher.beats
        self._watchdog = watchdog
        self.events = events
        self._counted: dict[str, int] = {}
        self.port = 0

    def run(self, stop: threading.Event) -> None:
        """
        Serve until *stop* is set; open streams end then.

        Raises:
            CannotStart: If the port is taken.
        """
        # What it says of its own life says the service as well, and in fewer lines.
        logging.getLogger("uvicorn").setLevel(logging.WARNING)
        listener = self._bind()
        server = self._make_server(stop)
        serving = threading.Thread(target=server.run, args=([listener],), name="http", daemon=True)
        serving.start()
        self.port = listener.getsockname()[1]
        self._intake.start(stop)
        self._disks.start(stop)
        self._watchdog.health.ready()
        log.info("telemetry ready", extra={"port": self.port, "version": VERSION})
        while not stop.wait(TURN_S):
            self._look(serving)
            self._watchdog.beat()
        serving.join(GRACE_S)
        self._intake.join(GRACE_S)

    def _look(self, serving: threading.Thread) -> None:
        health, facts = self._watchdog.health, self.beats.facts
        trouble = self.events_log.ready().get("trouble") or self._intake.trouble
        facts["log_failing"] = int(bool(trouble))
        facts["log_behind_s"] = self._intake.behind_s
        health.set("log", trouble)
        health.set("redis", self._watch.why)
        health.set("http", None if serving.is_alive() else "the server has ended")
        health.set("intake", None if self._intake.is_alive else "it has ended")
        self._count()
        try:
            self._publisher.publish_if_due()
        except Unavailable as exc:
            log.debug("report not delivered", extra={"why": str(exc)})

    def _count(self) -> None:
        counts = self.events_log.counts()
        for name, counter in COUNTED.items():
            self.beats.count(counter, counts.get(name, 0) - self._counted.get(name, 0))
            self._counted[name] = counts.get(name, 0)


class PageEndpoint:
    """
    A page of ours among an application's routes.

    Args:
        answer: Gives it.
    """

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self._application = application(answer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """
        Answer one request.
        """
        await self._application(scope, receive, send)


def build(settings: Settings, watchdog: Watchdog, clock: Clock | None = None) -> Telemetry:
    """
    Join the parts.

    Args:
        settings: What the service was told.
        watchdog: Told that the loop turns.
        clock: What tells the time; the machine's clock by default.

    Raises:
        BadSettings: If a password, the tokens or the web config file cannot be used.
        CannotStart: If the site folder cannot be used, another process writes it, or other machines
            could come in without a token.
    """
    clock = clock or SystemClock()
    beats = ServiceHeartbeats("telemetry", clock=clock)
    security = WebSecurity(settings.web_config_file, clock)
    address = RedisAddress.of(settings)
    access = Access(TokenFile(settings.tokens_path()), clock)
    check_exposure(
        settings.listen_address,
        needs_tokens=access.needs_tokens,
        allow_insecure=settings.allow_insecure,
    )
    try:
        events_log = TelemetryService(
            settings.site_folder,
            fsync=settings.fsync,
            run_roots=settings.run_roots,
            retention=settings.retention(),
        )
    except OSError as exc:
        raise CannotStart(f"{settings.site_folder} cannot be used: {exc}") from exc
    events = Events(beats.key, LogOutlet(events_log), beats.count, clock=clock)
    watch = RedisWatch(events, beats.count, clock)
    app = make_application(
        settings, events_log, access, ServicePage(lambda: service_families(beats), watchdog.health)
    )
    return Telemetry(
        events_log,
        lambda stop: AsgiServer(app, app.state.event_feed.close, security.context, stop),
        lambda: listen(settings.listen_address, settings.port),
        EventIntake(
            connect(address),
            events_log,
            IntakePosition.load(settings.site_folder),
            watch,
            beats,
            clock,
        ),
        watch,
        DiskWatch(
            {"sessions": settings.sessions_folder, "telemetry": settings.site_folder},
            settings.least_free_mib * MIB,
            events,
        ),
        HeartbeatPublisher(connect(address), beats, clock),
        watchdog,
        events,
    )


def make_application(
    settings: Settings, events_log: TelemetryService, access: Access, page: ServicePage
) -> FastAPI:
    """
    Make what is served: the log, and the page that every service has.
    """
    rules = GuardRules(
        hosts=settings.hosts,
        origins=settings.origins,
        public=(*PUBLIC, *PATHS),
        admin=ADMIN,
    )
    app = create_app(events_log, rules=rules, access=access)
    app.router.routes += [Route(path, PageEndpoint(page.answer)) for path in PATHS]
    return app
