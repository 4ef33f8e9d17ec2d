"""Ends a process whose loop stands still."""

import faulthandler
import os
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

from vitalrig.clock import Clock, SystemClock
from vitalrig.service.health import Health

EXIT_WEDGED = 70


class Watchdog:
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
