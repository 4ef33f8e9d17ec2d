"""Work that is repeated in a thread of its own, so that no scrape waits for it."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class PeriodicTask:
    """
    Does its work at once when started and then every so often, in a thread of its own.

    What the work raises is logged, and it is tried again the next time.

    Args:
        name: What the thread and the log call it.
        every_s: Seconds between the end of one turn and the next.
        work: One turn.
    """

    def __init__(self, name: str, every_s: float, work: Callable[[], None]) -> None:
        self._name = name
        self._every_s = every_s
        self._work = work
        self._failed = False

    def start(self, stop: threading.Event) -> None:
        """
        Work until *stop* is set. The thread is a daemon: it never holds up the end of the process.
        """
        threading.Thread(target=self._run, args=(stop,), name=self._name, daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while True:
            try:
                self._work()
                self._failed = False
            except Exception as exc:
                if not self._failed:
                    log.exception("background work failed", extra={"work": self._name})
                else:
                    log.debug("background work failed", extra={"why": str(exc)})
                self._failed = True
            if stop.wait(self._every_s):
                return
