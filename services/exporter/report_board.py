"""The last report of each service and each camera, and when it was heard."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from vitalrig import redis_keys
from vitalrig.clock import Clock, Moment, moment
from vitalrig.errors import Unavailable

MOST_NAMES = 4_096
"""Of each kind; more than any rig has, and few enough for memory."""

LONGEST_REPORT_BYTES = 1 << 20
"""A longer one is none, and is kept as an empty one, which is refused."""

FORGOTTEN_AFTER_S = 3_600.0
"""Who was silent for so long is not even counted as stale."""


@dataclass(frozen=True, slots=True)
class Heard:
    """
    One report.

    Attributes:
        text: It, as it came.
        at: When it came.
    """

    text: bytes
    at: Moment


Reports = Mapping[bytes, Heard]
"""Reports by the names of those who made them."""


class ReportBoard:
    """
    Where what was heard is put up for the scrapes. Safe to use from several threads.

    Args:
        clock: What tells when something is heard.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[str, OrderedDict[bytes, Heard]] = {
            redis_keys.CAMERAS: OrderedDict(),
            redis_keys.HEARTBEATS: OrderedDict(),
        }
        self._why_deaf = "not listening yet"

    def hear(self, channel: bytes, text: bytes) -> None:
        """
        Put up a report in the place of that name's last one.
        """
        now = moment(self._clock)
        for kind, reports in self._kinds.items():
            if channel.startswith(kind.encode()):
                name = channel[len(kind) :]
                with self._lock:
                    reports[name] = Heard(text if len(text) <= LONGEST_REPORT_BYTES else b"", now)
                    reports.move_to_end(name)
                    _forget(reports, now.uptime_s)

    def listening(self) -> None:
        """
        From now on everything is heard.
        """
        self._why_deaf = ""

    def deaf(self, why: str) -> None:
        """
        From now on nothing is heard, because of *why*.
        """
        self._why_deaf = why

    @property
    def cameras(self) -> Reports:
        """
        What the collector sees of each camera, by key prefix.

        Raises:
            Unavailable: If nothing can be heard now.
        """
        return self._of(redis_keys.CAMERAS)

    @property
    def heartbeats(self) -> Reports:
        """
        What each service instance says of itself.

        Raises:
            Unavailable: If nothing can be heard now.
        """
        return self._of(redis_keys.HEARTBEATS)

    def _of(self, kind: str) -> Reports:
        if self._why_deaf:
            raise Unavailable(self._why_deaf)
        with self._lock:
            return dict(self._kinds[kind])


def _forget(reports: OrderedDict[bytes, Heard], now_s: float) -> None:
    while reports:
        oldest = next(iter(reports.values()))
        if len(reports) <= MOST_NAMES and now_s - oldest.at.uptime_s <= FORGOTTEN_AFTER_S:
            return
        reports.popitem(last=False)
