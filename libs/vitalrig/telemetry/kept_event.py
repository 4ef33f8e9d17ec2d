"""An event that the log has taken."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from vitalrig.telemetry.event_line import PreparedEvent
from vitalrig.telemetry.run_registry import Run


class KeptEvent(NamedTuple):
    """
    An event that the log has taken.

    Attributes:
        seq: Its number.
        line: Its line, without a newline.
        prepared: What it was made of.
        meta: Its meta, with the run's id where it belongs to one.
        run: The run that it belongs to; None for the site.
    """

    seq: int
    line: bytes
    prepared: PreparedEvent
    meta: dict[str, Any]
    run: Run | None

    def answer(self) -> dict[str, Any]:
        """
        Give what the API answers.
        """
        request = self.prepared.request
        ts = self.prepared.received_at if request.ts is None else request.ts
        return {
            "seq": self.seq,
            "ts": ts,
            "type": request.type,
            "data": request.data,
            "meta": self.meta,
        }


Listener = Callable[[Sequence[KeptEvent]], object]
"""Told of events, in order, when they are kept; it returns at once."""
