"""The life of a service: start, run until told to stop, end with a status that says why."""

import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn, Protocol

from vitalrig import logs
from vitalrig.beats import Beats
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import BadSettings, CannotGoOn, CannotStart
from vitalrig.health import Health
from vitalrig.settings import HelpWanted, S, ServiceSettings

log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_BAD_SETTINGS = 2
EXIT_CANNOT_START = 3
EXIT_WEDGED = 70


class Service(Protocol):
    """
    What `serve` runs.

    Attributes:
        beats: Its heartbeats, for its own page.
    """

    beats: Beats

    def run(self, stop: threading.Event) -> None:
        """
        Work until *stop* is set, then finish what was begun.

        Raises:
            CannotStart: If something it needs for itself is taken or missing.
            CannotGoOn: If another process took its place.
        """
        ...


class Pulse:
    """
    Proof that a loop still turns: call `beat` in each turn.

    It writes the health file and keeps the watchdog quiet. A loop that stands still for
    *wedged_after_s* ends the process with status 70 and all stacks on stderr, so that whoever
    supervises it starts it anew: neither compose nor supervisord restarts what merely hangs.
    """

    def __init__(
        self,
        health: Health,
        wedged_after_s: float,
        clock: Clock | None = None,
        end: Callable[[], None] | None = None,
    ) -> None:
        self.health = health
        self._clock = clock or SystemClock()
        self._wedged_after_s = wedged_after_s
        self._end = end or _end_wedged
        self._beaten_at_s = self._clock.monotonic_s()

    def beat(self) -> None:
        """
        The loop turned once.
        """
        self._beaten_at_s = self._clock.monotonic_s()
        self.health.write()

    def check(self) -> None:
        """
        End the process if the loop stands still.
        """
        if self._clock.monotonic_s() - self._beaten_at_s > self._wedged_after_s:
            self._end()

    def watch(self, stop: threading.Event) -> threading.Thread:
        """
        Start a thread that checks until *stop* is set.
        """

        def loop() -> None:
            while not stop.wait(self._wedged_after_s / 4):
                self.check()

        thread = threading.Thread(target=loop, name="watchdog", daemon=True)
        thread.start()
        return thread


def _end_wedged() -> NoReturn:
    faulthandler.dump_traceback(file=sys.stderr)
    os._exit(EXIT_WEDGED)


def serve(
    settings_class: type[S],
    build: Callable[[S, Pulse], Service],
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
        unknown_flags_warn: Go on with a warning where an argument is no flag of ours.

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
    pulse = Pulse(Health(settings.health_path()), settings.wedged_after_s)
    try:
        service = build(settings, pulse)
        with own_page(settings, service, pulse.health):
            pulse.watch(stop)
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
    from vitalrig.metrics.page import OwnPage, served  # noqa: PLC0415  most services have none

    page = OwnPage(service.beats, health)
    with served(page.answer, settings.metrics_address, settings.metrics_port):
        yield


def _stop_on_signals(stop: threading.Event) -> None:
    def handle(signum: int, _frame: FrameType | None) -> None:
        log.info("told to stop", extra={"signal": signal.Signals(signum).name})
        stop.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, handle)
