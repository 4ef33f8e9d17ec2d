"""Which key of a payload leads to which series, so that it is found out once."""

from collections.abc import Sequence
from typing import Any

from smartspectra.ipc.series.table import MAX_SERIES
from smartspectra.ipc.wire.measurements import (
    is_sample,
    measurement_lists,
    skipped,
    snake_case,
)

SampleLists = Sequence[tuple[str, list[Any]]]
"""Series' names, each with its samples in one envelope."""

_IGNORED = ""


class PayloadLayout:
    """
    What is known of one channel's payloads.

    The usual payload is `{group: {leaf: [samples]}}`. One that has anything else in it, or anything
    new, is walked as a whole, and what is usual in it is remembered.

    Args:
        channel: The channel without its prefix; series are named `channel/series`.
    """

    def __init__(self, channel: str) -> None:
        self._channel = channel
        self._leaves: dict[str, dict[str, str] | None] = {}
        self._known = 0

    def lists_of(self, payload: dict[str, Any]) -> SampleLists:
        """
        Find the samples in a payload, as `measurement_lists` does.
        """
        found: list[tuple[str, list[Any]]] = []
        for key, node in payload.items():
            leaves = self._leaves.get(key, _UNKNOWN)
            if leaves is None:
                continue
            if type(node) is not dict:
                return self._walk(payload)
            for leaf, samples in node.items():
                name = leaves.get(leaf)
                if name is _IGNORED:
                    continue
                if name is None or not _are_usual(samples):
                    return self._walk(payload)
                if samples:
                    found.append((name, samples))
        return found

    def _walk(self, payload: dict[str, Any]) -> SampleLists:
        if self._known < MAX_SERIES:
            for key, node in payload.items():
                self._learn(key, node)
        return [
            (f"{self._channel}/{name}", samples) for name, samples in measurement_lists(payload)
        ]

    def _learn(self, key: str, node: Any) -> None:  # noqa: ANN401
        if skipped(key, ()):
            self._leaves[key] = None
            self._known += 1
        elif isinstance(node, dict) and not is_sample(node):
            leaves = self._leaves.setdefault(key, {})
            for leaf, samples in node.items():
                if leaves is not None and leaf not in leaves and isinstance(samples, list):
                    name = f"{self._channel}/{snake_case(key)}.{snake_case(leaf)}"
                    leaves[leaf] = _IGNORED if skipped(leaf, (key,)) else name
                    self._known += 1


_UNKNOWN: dict[str, str] = {}


def _are_usual(samples: Any) -> bool:  # noqa: ANN401
    """Whether this is a list of nothing but samples with values."""
    if type(samples) is not list:
        return False
    for sample in samples:  # noqa: SIM110  a generator takes twice as long
        if type(sample) is not dict or "value" not in sample:
            return False
    return True
