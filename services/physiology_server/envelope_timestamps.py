"""Envelopes that are bytes already: their stamps, and those of the samples in them."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from smartspectra.ipc.wire.envelope import BadEnvelope, document_of, timestamp_us

Move = Callable[[int], int]
"""From a stamp in us to another."""

_KEY = "timestamp"
_USUAL_DIGITS = 16


def stamp_of(envelope: bytes) -> int | None:
    """
    The envelope's own stamp in us; None if it has none.

    Raises:
        BadEnvelope: If these bytes are not JSON.
    """
    return _number(document_of(envelope).get(_KEY))


def restamped(envelope: bytes, move: Move) -> bytes:
    """
    The envelope with every stamp moved. Stamps are in us then, whatever unit they had.

    Raises:
        BadEnvelope: If these bytes are not JSON, or nested too deeply to be written again.
    """
    document = document_of(envelope)
    for node in objects_in(document):
        child = node.get(_KEY)
        stamp_us = _number(child)
        if stamp_us is not None:
            moved = move(stamp_us)
            node[_KEY] = str(moved) if isinstance(child, str) else moved
    return dumped(document)


def dumped(document: Any) -> bytes:  # noqa: ANN401
    """
    *document* as one compact line. What orjson does not write, the standard library does.

    Raises:
        BadEnvelope: If it is nested too deeply.
    """
    try:
        return orjson.dumps(document)
    except TypeError:
        try:
            return json.dumps(document, separators=(",", ":")).encode()
        except RecursionError as exc:
            raise BadEnvelope("too_deep") from exc


def objects_in(document: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """
    Every object in *document*, however deep.
    """
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += node.values()
        elif isinstance(node, list):
            waiting += node


def _number(value: Any) -> int | None:  # noqa: ANN401
    """
    The usual stamp, us as text, at once; others by their magnitude.
    """
    if isinstance(value, str) and len(value) == _USUAL_DIGITS and value.isdecimal():
        return int(value)
    return timestamp_us(value)
