"""Counting requests by path and code, both from a closed list."""

import threading
from collections import Counter

from vitalrig.metrics.validate import OTHER


class RequestCounter:
    """
    The requests that were answered; safe to use from several threads.

    Args:
        paths: The paths that are counted by name; all others count as `other`.
    """

    def __init__(self, paths: tuple[str, ...]) -> None:
        self._paths = paths
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter({("/metrics", "200"): 0})

    def count(self, path: str, status: int) -> None:
        """
        Count one request that was answered with *status*, such as 200.
        """
        with self._lock:
            self._counts[path if path in self._paths else OTHER, str(status)] += 1

    def counts(self) -> dict[tuple[str, str], int]:
        """
        Give how many there were, by path and code.
        """
        with self._lock:
            return dict(self._counts)
