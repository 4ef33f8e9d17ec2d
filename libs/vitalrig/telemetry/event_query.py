"""Which events of the log are wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vitalrig.telemetry.rfc3339 import parse_rfc3339

_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class EventQuery:
    """
    What to look for; what is not given does not matter.

    Attributes:
        after_seq: Only events with a larger sequence number.
        until_seq: Only events with at most this sequence number.
        since: Only events that happened at this time or later.
        until: Only events that happened before this time.
        types: Only events of one of these types; `*` stands for any characters.
        run: Only events of the run with this id.
        camera: Only events whose meta names this camera.
        limit: At most so many.
        backwards: Whether the newest come first.
    """

    after_seq: int = 0
    until_seq: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    types: tuple[str, ...] = ()
    run: str | None = None
    camera: str | None = None
    limit: int | None = None
    backwards: bool = False

    def matches(self, event: Mapping[str, Any]) -> bool:
        """
        Say whether an event is one of these; how many there may be is for who counts them.
        """
        seq, meta = event["seq"], event.get("meta") or {}
        return (
            seq > self.after_seq
            and (self.until_seq is None or seq <= self.until_seq)
            and (not self.types or any(is_like(event["type"], each) for each in self.types))
            and (
                self.run is None
                or (event.get("stream") == "run" and meta.get("run_id") == self.run)
            )
            and (self.camera is None or meta.get("camera") == self.camera)
            and self._is_in_time(event)
        )

    def _is_in_time(self, event: Mapping[str, Any]) -> bool:
        if self.since is None and self.until is None:
            return True
        happened = parse_rfc3339(event["ts"])
        return (self.since is None or happened >= self.since) and (
            self.until is None or happened < self.until
        )


def parse_seq(text: str) -> int | None:
    """
    Read a sequence number; None if it is none.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def is_like(kind: str, wanted: str) -> bool:
    """
    Say whether a type is the one that is wanted, in which `*` stands for any characters.
    """
    first, *rest = wanted.split("*")
    if not rest:
        return kind == wanted
    if not kind.startswith(first):
        return False
    end = len(first)
    for part in rest[:-1]:
        begin = kind.find(part, end)
        if begin < 0:
            return False
        end = begin + len(part)
    return kind.endswith(rest[-1]) and len(kind) - len(rest[-1]) >= end
