"""From a payload to samples: which leaves are measurements, and what they say."""

import math
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

_SKIPPED_AT_ROOT = frozenset({"metadata", "timestamp", "time", "session_id", "source"})
_SKIPPED_LEAVES = frozenset({"time", "timestamp", "stable", "confidence", "reset"})
_PLAIN_FIELDS = frozenset({"time", "timestamp", "stable", "confidence"})
_MAX_DEPTH = 16
_MICROSECONDS_PER_SECOND = 1_000_000.0
LATEST_STAMP_US = 7_258_118_400_000_000
"""The year 2200. A later stamp is a mistake, and would leave no room for those after it."""


def measurement_lists(
    node: Any,  # noqa: ANN401
    path: list[str] | None = None,
) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    """
    Walk a payload and yield each series' name with its samples.

    The name is the path of keys in snake case, joined by dots: ``pulse.rate``. A bare
    number, or an object with a value, is a list of one sample. Metadata and landmarks
    are left out.
    """
    return _walk(node, tuple(path or ()))


def _walk(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, list[dict[str, Any]]]]:  # noqa: ANN401
    if isinstance(node, dict):
        if path and is_sample(node):
            yield ".".join(path), [node]
        elif len(path) < _MAX_DEPTH:
            for key, child in node.items():
                if not skipped(key, path):
                    yield from _walk(child, (*path, snake_case(key)))
    elif path and isinstance(node, list):
        samples = [item for item in map(_as_sample, node) if item is not None]
        if samples:
            yield ".".join(path), samples
    elif path and isinstance(node, int | float) and not isinstance(node, bool):
        yield ".".join(path), [{"value": node}]


def skipped(key: str, path: tuple[str, ...]) -> bool:
    """Whether *key*, at *path*, names something that is not a measurement."""
    if not path and key in _SKIPPED_AT_ROOT:
        return True
    return key in _SKIPPED_LEAVES or key.lower().endswith("landmarks")


def is_sample(node: dict[str, Any]) -> bool:
    """Whether an object is one sample rather than a group of series."""
    if "value" in node or "detected" in node:
        return True
    return has_time_fields(node) and not any(
        isinstance(child, dict | list) for child in node.values()
    )


def _as_sample(item: Any) -> dict[str, Any] | None:  # noqa: ANN401
    """A list's item if it is a measurement, which an expression, say, is not."""
    if isinstance(item, dict):
        plain = "value" in item or "detected" in item or _PLAIN_FIELDS.issuperset(item)
        return item if plain and item else None
    if isinstance(item, int | float) and not isinstance(item, bool):
        return {"value": item}
    return None


@lru_cache(maxsize=4096)
def snake_case(key: str) -> str:
    """
    ``upperTrace`` as ``upper_trace``; names in snake case stay as they are.

    Dots become underscores, because a dot separates the keys of a series' name.
    """
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower().replace(".", "_")


def has_time_fields(sample: dict[str, Any]) -> bool:
    """Whether a sample says when it was taken."""
    return sample.get("timestamp") is not None or sample.get("time") is not None


def sample_timestamp_us(sample: dict[str, Any]) -> float | None:
    """
    When a sample was taken, in whole microseconds; None if it does not say.

    ``timestamp`` is in microseconds, a number or text. Without it, or where it is
    protobuf's unset 0, the deprecated ``time`` in seconds is used.
    """
    stamp = _number(sample.get("timestamp"))
    if not stamp:
        seconds = _number(sample.get("time"))
        if seconds is not None:
            stamp = seconds * _MICROSECONDS_PER_SECOND
    if stamp is None or abs(stamp) > LATEST_STAMP_US:
        return None
    return float(round(stamp))


def sample_value(sample: dict[str, Any]) -> float | None:
    """
    A sample's value as a finite number; None if it has none.

    ``detected`` counts as 0.0 or 1.0. Protobuf's JSON leaves out zeros, so a stamped
    sample with neither is 0.0, unless it has fields of another kind (an expression, a
    set of landmarks).
    """
    for name in ("value", "detected"):
        if name in sample:
            return _number(sample[name])
    return 0.0 if has_time_fields(sample) and _PLAIN_FIELDS.issuperset(sample) else None


def _number(value: Any) -> float | None:  # noqa: ANN401
    if not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
