"""An entry of the durable stream, understood once."""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from services.collector.transport.base import LONGEST_RUN, ReceivedEnvelope
from vitalrig import redis_keys

LONGEST_TEXT = 2 * LONGEST_RUN
MOST_DIGITS = 18
MOST_BYTES_A_CHARACTER = 4

_CHANNEL, _ENVELOPE, _RUN, _SEQ, _FOLLOWS, _GAP, _GAP_MS = (
    name.encode()
    for name in (
        redis_keys.FIELD_CHANNEL,
        redis_keys.FIELD_ENVELOPE,
        redis_keys.FIELD_RUN,
        redis_keys.FIELD_SEQ,
        redis_keys.FIELD_FOLLOWS,
        redis_keys.FIELD_GAP,
        redis_keys.FIELD_GAP_MS,
    )
)


def received_envelope(
    prefix: str, entry_id: bytes, fields: Mapping[bytes, bytes]
) -> ReceivedEnvelope:
    """
    Understand an entry; what makes no sense in it is as if it were not there.
    """
    get = fields.get
    arrival = ReceivedEnvelope(
        prefix,
        _text(get(_CHANNEL, b"")),
        get(_ENVELOPE, b""),
        entry_id.decode(),
        _text(get(_RUN, b""), LONGEST_RUN),
        _number(get(_SEQ, b"")),
    )
    if _FOLLOWS in fields or _GAP in fields:
        arrival = replace(
            arrival,
            follows=_text(get(_FOLLOWS, b"")),
            gap=_text(get(_GAP, b"")),
            gap_s=_number(get(_GAP_MS, b"")) / 1_000,
        )
    return arrival


def _text(raw: bytes, longest: int = LONGEST_TEXT) -> str:
    # Cut before it is remembered: a publisher of long texts must not fill our memory.
    return _decoded(raw[: MOST_BYTES_A_CHARACTER * longest])[:longest]


@lru_cache(maxsize=4096)  # channels and runs are few
def _decoded(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _number(raw: bytes) -> int:
    return int(raw) if raw.isdigit() and len(raw) <= MOST_DIGITS else 0
