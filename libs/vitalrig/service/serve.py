"""The life of a service: start, run until told to stop, end with a status that says why."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from vitalrig.errors import BadSettings, CannotGoOn, CannotStart
from vitalrig.events import Emitter
from vitalrig.service import logs
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.service_settings import HelpWanted, S, ServiceSettings
from vitalrig.service.watchdog import Watchdog
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_BAD_SETTINGS = 2
EXIT_CANNOT_START = 3


class Service(Protocol):
    """
    What `serve` runs.

    Attributes:
        beats: Its heartbeats, for its own page.
        events: What it says its events with.
    """

    beats: ServiceHeartbeats
    events: Emitter

    def run(self, stop: threading.Event) -> None:
        """
        Work until *stop* is set, then finish what was begun.

        Raises:
            CannotStart: If something it needs for itself is taken or missing.
            CannotGoOn: If another process took its place.
        """
        ...


def serve(
    settings_class: type[S],
    build: Callable[[S, Watchdog], Service],
    argv: Sequence[str],
    *,
    unknown_flags_warn: bool = False,
) -> int:
    """
    Load settings, build the service and run it until SIGTERM or SIGINT.

    Args:
        settings_class: What the service can be told.
        build: Joins the service's parts.
        argv: Arguments, without the program's name.
        unknown_flags_warn: Go on with a warning where an argument is not a flag of ours.

    Returns:
        0 after a clean stop, 2 for settings that cannot work, 3 if it could not start or another
        process took its place.
    """
    name = settings_class.service()
    try:
        settings, unknown = settings_class.load(argv)
        if unknown and not unknown_flags_warn:
            raise BadSettings(f"{unknown[0]}: unknown argument; --help lists all")
    except HelpWanted as wanted:
        _print(wanted)
        return EXIT_OK
    except BadSettings as exc:
        print(f"{name}: {exc}", file=sys.stderr)
        return EXIT_BAD_SETTINGS
    logs.set_up(name, settings.log_format, settings.log_level)
    for argument in unknown:
        # Without its value, which may be a password.
        name_only = argument.partition("=")[0]
        log.warning("unknown argument, passed over", extra={"argument": name_only})
    stop = threading.Event()
    _stop_on_signals(stop)
    watchdog = Watchdog(Health(settings.health_path()), settings.wedged_after_s)
    try:
        service = build(settings, watchdog)
        with (
            announced(service.events, watchdog.health),
            own_page(settings, service, watchdog.health),
        ):
            watchdog.watch(stop)
            service.run(stop)
    except BadSettings as exc:
        log.error("settings cannot work", extra={"why": str(exc)})
        return EXIT_BAD_SETTINGS
    except CannotStart as exc:
        log.error("cannot start", extra={"why": str(exc)})
        return EXIT_CANNOT_START
    except CannotGoOn as exc:
        log.error("cannot go on", extra={"why": str(exc)})
        return EXIT_CANNOT_START
    log.info("stopped")
    return EXIT_OK


def _print(text: object) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Whoever reads has seen enough, such as `head`; Python would complain at the end again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def own_page(settings: ServiceSettings, service: Service, health: Health) -> Iterator[None]:
    """
    Serve the service's own page while the block runs, if the settings ask for one.

    Raises:
        CannotStart: If the address cannot be listened on.
    """
    if not settings.metrics_port:
        yield
        return
    # Most services have none.
    from vitalrig.service.service_page import ServicePage, running_server, service_families  # noqa: PLC0415

    page = ServicePage(lambda: service_families(service.beats), health)
    with running_server(page.answer, settings.metrics_address, settings.metrics_port):
        yield


@contextmanager
def announced(events: Emitter, health: Health) -> Iterator[None]:
    """
    Send a service's events while the block runs, and say when it has started and when it stops.

    A service that never was ready says neither: it may be tried again every second.
    """
    started: list[None] = []

    def start() -> None:
        started.append(None)
        events.emit("service.started", {"version": VERSION, "pid": os.getpid()})

    why = ""
    health.when_ready(start)
    events.start()
    try:
        yield
    except BaseException as exc:
        why = str(exc) or type(exc).__name__
        raise
    finally:
        if started:
            events.emit("service.stopped", {"why": why})
        events.close()


def _stop_on_signals(stop: threading.Event) -> None:
    def handle(signum: int, _frame: FrameType | None) -> None:
        log.info("told to stop", extra={"signal": signal.Signals(signum).name})
        stop.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, handle)
