"""
An event as a line of a file: JSON in ASCII, its keys in one order, its numbers as Python has them.

A line may end with a blank, which says that the event was not made current, and with a tab,
which says that the batch it belongs to goes on. JSON's readers pass over both.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))

NOT_CURRENT = " "
BATCH_GOES_ON = "\t"

_HEAD = re.compile(rb'\{"seq":\d+,"ts":"([^"]*)","stream":"\w+","type":("(?:[^"\\]|\\.)*"),')
_PUBLIC = ("seq", "ts", "type", "data", "meta")


class Request(Protocol):
    """What is asked for; `vitalrig.telemetry.EventRequest` is such a one."""

    type: str
    data: Any
    make_current: bool
    store_permanently: bool
    meta: dict[str, Any]
    ts: str | None
    key: str | None


@dataclass(slots=True)
class PreparedEvent:
    """
    An event that is encoded but for what the log knows: its number, its stream, its run.

    Attributes:
        request: What was asked for.
        ts: When it happened, as text.
        received_at: When it came, as text.
        day: The day of the site file that it would be in.
        body: Its type and data, as JSON without braces.
        tail: What follows its meta, as JSON.
        digest: What tells its content from another's; empty without a key.
    """

    request: Request
    ts: str
    received_at: str
    day: str
    body: str
    tail: str
    digest: str

    def line(
        self, seq: int, stream: str, meta_json: str, *, more: str = "", batch_goes_on: bool = False
    ) -> bytes:
        """
        Give it as a line, without its newline.

        Args:
            seq: Its number.
            stream: `site` or `run`.
            meta_json: Its meta, as JSON.
            more: What else its line tells, as JSON.
            batch_goes_on: Whether more of its batch follows.
        """
        return (
            f'{{"seq":{seq},"ts":"{self.ts}","stream":"{stream}",{self.body},"meta":{meta_json}'
            f"{more}{self.tail}{BATCH_GOES_ON if batch_goes_on else ''}"
        ).encode("ascii")


def prepare(request: Request, received_at: str, day: str) -> PreparedEvent:
    """
    Encode an event.

    Raises:
        ValueError: If it holds what JSON has no form for.
        TypeError: The same.
        RecursionError: If it is nested far too deep.
    """
    encode = ENCODER.encode
    digest, tail = "", ""
    if request.key is not None:
        digest = digest_of(request)
        tail = f',"key":{encode([request.key, digest])}'
    if request.ts is not None:
        tail += f',"received_at":"{received_at}"'
    return PreparedEvent(
        request=request,
        ts=received_at if request.ts is None else encode(request.ts)[1:-1],
        received_at=received_at,
        day=day,
        body=f'"type":{encode(request.type)},"data":{encode(request.data)}',
        tail=f"{tail}}}" if request.make_current else f"{tail}}}{NOT_CURRENT}",
        digest=digest,
    )


def digest_of(*requests: Request) -> str:
    """
    Give a short text that is the same for the same content, whatever the order of its keys.
    """
    content = [
        [each.type, each.data, each.make_current, each.store_permanently, each.meta, each.ts]
        for each in requests
    ]
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode("ascii"), digest_size=8).hexdigest()


def seq_of(line: bytes) -> int | None:
    """
    Give the number of a line; None if it is no event.
    """
    if not line.startswith(b'{"seq":'):
        found = parsed(line)
        seq = None if found is None else found.get("seq")
        return seq if type(seq) is int else None
    number = line[7 : line.find(b",", 7)]
    return int(number) if number.isdigit() else None


def head_of(line: bytes) -> tuple[bytes, bytes] | None:
    """
    Give the time in a line, and the type as JSON; None if it does not begin as ours do.
    """
    found = _HEAD.match(line)
    return None if found is None else (found[1], found[2])


def type_json_of(line: bytes) -> bytes | None:
    """
    Give the type in a line, as JSON; None if it has none.
    """
    if (head := head_of(line)) is not None:
        return head[1]
    event = parsed(line)
    kind = None if event is None else event.get("type")
    return ENCODER.encode(kind).encode("ascii") if isinstance(kind, str) else None


def is_current(line: bytes) -> bool:
    """
    Tell whether the event was made current.
    """
    return line.endswith(b"}") or b" " not in line[line.rfind(b"}") :]


def batch_goes_on(line: bytes) -> bool:
    """
    Tell whether more of its batch was to follow.
    """
    return line.endswith(b"\t")


def parsed(line: bytes) -> dict[str, Any] | None:
    """
    Give a line as a dictionary; None if it is none.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def public_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give what the API answers: no stream, no key, no time of arrival.
    """
    return {name: event[name] for name in _PUBLIC if name in event}
