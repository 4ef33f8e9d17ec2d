"""Reading what others wrote: numbers are finite, labels are short, or the report is bad."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

import orjson

from vitalrig.errors import BadMessage

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,47}")
MAX_LABEL_LENGTH = 64
_MOST = 1e300

OTHER = "other"
"""Stands for whatever is not among the values that a label may have."""


def document(text: bytes) -> object:
    """
    Read JSON; also what Python writes for numbers that are none, which strict readers refuse.

    Raises:
        BadMessage: If it is none.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise BadMessage("not JSON") from exc


def number(value: object) -> float:
    """
    Take a finite number.

    Raises:
        BadMessage: If it is none; text and truth values are none.
    """
    if (type(value) is float or type(value) is int) and -_MOST < value < _MOST:
        return value
    raise BadMessage(f"no finite number: {value!r:.40}")


def optional_number(value: object) -> float | None:
    """
    Take a finite number, or None where there is none; NaN and infinities are none.

    Raises:
        BadMessage: If it is something else.
    """
    if type(value) is float:
        return value if -_MOST < value < _MOST else None
    return None if value is None else number(value)


def mapping(value: object) -> Mapping[str, Any]:
    """
    Take an object; nothing is an empty one.

    Raises:
        BadMessage: If it is something else.
    """
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadMessage("no object")
    return value


def label(value: object) -> str:
    """
    Take a short, printable text as the value of a label.

    Raises:
        BadMessage: If it is none.
    """
    if not isinstance(value, str) or len(value) > MAX_LABEL_LENGTH or not value.isprintable():
        raise BadMessage(f"no label: {value!r:.80}")
    return value


def identifier(value: object) -> str:
    """
    Take a name like those of services and steps: lower case, digits, underscores.

    Raises:
        BadMessage: If it is none.
    """
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise BadMessage(f"no name: {value!r:.80}")
    return value


def counts_by_name(value: object, allowed: Collection[str]) -> dict[str, float]:
    """
    Take counts by name; those of names that are not *allowed* are added up as `other`.

    Raises:
        BadMessage: If it is not an object of numbers.
    """
    counts: dict[str, float] = {}
    for name, count in mapping(value).items():
        known = name if name in allowed else OTHER
        counts[known] = counts.get(known, 0) + number(count)
    return counts
