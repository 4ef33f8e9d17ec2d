"""What is called after each event, and cannot hold up the next one."""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

from vitalrig.telemetry.event_line import Request, parsed
from vitalrig.telemetry.kept_event import KeptEvent

log = logging.getLogger(__name__)

EventHook = Callable[[dict[str, Any], Any], None]
"""Called with an event, its stream included, and with what was asked for: both are copies."""

_THREADS = 4
_MAX_WAITING = 10_000


class EventHooks:
    """
    Calls hooks in threads of their own.

    Args:
        hooks: What is called.

    Attributes:
        missed: Calls that were left out because too many waited.
    """

    def __init__(self, hooks: Sequence[EventHook]) -> None:
        self._hooks = hooks
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="telemetry-hook")
        self._waiting = 0
        self.missed = 0

    def call(self, events: Sequence[KeptEvent]) -> None:
        """
        Call all hooks for each event.
        """
        for event in events:
            for hook in self._hooks:
                if self._waiting >= _MAX_WAITING:
                    if not self.missed:
                        log.error("hooks do not keep up, and calls are left out")
                    self.missed += 1
                    continue
                self._waiting += 1
                self._pool.submit(self._call, hook, event.line, event.prepared.request)

    def close(self) -> None:
        """Call what waits in the background, and take nothing new."""
        self._pool.shutdown(wait=False)

    def _call(self, hook: EventHook, line: bytes, request: Request) -> None:
        self._waiting -= 1
        envelope = parsed(line) or {}
        for name in ("key", "received_at"):
            envelope.pop(name, None)
        try:
            hook(envelope, deepcopy(request))
        except Exception as exc:  # noqa: BLE001  theirs to mend, and nobody's loss
            log.warning("hook %r failed: %r", hook, exc)
