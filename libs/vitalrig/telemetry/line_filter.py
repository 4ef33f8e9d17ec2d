"""Whether a line is wanted, mostly without reading all of it."""

import json
from datetime import UTC, datetime, timedelta

from vitalrig.telemetry.event_line import ENCODER, head_of, parsed
from vitalrig.telemetry.event_query import EventQuery, is_like
from vitalrig.telemetry.event_times import utc_iso_z

_MOST_KINDS = 20_000
_OWN_FORM = len("2026-03-17T12:00:00.000Z")


class LineFilter:
    """
    Lets through what a query wants, as `EventQuery.matches` does, but for its numbers.

    Args:
        query: What is wanted.
    """

    def __init__(self, query: EventQuery) -> None:
        self._query = query
        self._kinds: dict[bytes, bool] = {}
        self._camera_json = b""
        if query.camera is not None:
            self._camera_json = ENCODER.encode(query.camera).encode("ascii")
        self._has_content = query.camera is not None or query.run is not None
        self._since = _as_written(query.since)
        self._until = _as_written(query.until)
        self._has_times = query.since is not None or query.until is not None

    def wants(self, line: bytes) -> bool:
        """
        Tell whether a line is wanted.
        """
        head = head_of(line)
        if head is None:
            return self._matches(line)
        ts, kind_json = head
        if self._query.types and not self._is_of_kind(kind_json):
            return False
        if self._has_times:
            if len(ts) != _OWN_FORM or not ts.endswith(b"Z") or ts[19:20] != b".":
                return self._matches(line)
            if ts < self._since or (self._until and ts >= self._until):
                return False
        if not self._has_content:
            return True
        return self._camera_json in line and self._matches(line)

    def _is_of_kind(self, kind_json: bytes) -> bool:
        is_wanted = self._kinds.get(kind_json)
        if is_wanted is None:
            if len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            kind = json.loads(kind_json)
            is_wanted = any(is_like(kind, each) for each in self._query.types)
            self._kinds[kind_json] = is_wanted
        return is_wanted

    def _matches(self, line: bytes) -> bool:
        event = parsed(line)
        try:
            return event is not None and self._query.matches(event)
        except (LookupError, ValueError, TypeError, AttributeError):
            return False  # a line of somebody else's


def _as_written(time: datetime | None) -> bytes:
    """Give the first time of our own form that is not before *time*."""
    if time is None:
        return b""
    try:
        return utc_iso_z(time.astimezone(UTC) + timedelta(microseconds=999)).encode("ascii")
    except OverflowError:
        return b"~" if time.year > datetime(2000, 1, 1, tzinfo=UTC).year else b""
