"""An entry of the durable stream, understood once."""

import re
from collections.abc import Mapping

from services.collector.transport.base import LONGEST_RUN, Arrival
from vitalrig import keys

LONGEST_TEXT = 2 * LONGEST_RUN
_NUMBER = re.compile(r"[0-9]{1,18}")


def arrival_of(prefix: str, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Arrival:
    """
    Understand an entry; what makes no sense in it is as if it were not there.
    """

    def text(name: str, longest: int = LONGEST_TEXT) -> str:
        return fields.get(name.encode(), b"").decode(errors="replace")[:longest]

    def number(name: str) -> int:
        digits = text(name)
        return int(digits) if _NUMBER.fullmatch(digits) else 0

    return Arrival(
        prefix=prefix,
        channel=text(keys.FIELD_CHANNEL),
        envelope=fields.get(keys.FIELD_ENVELOPE.encode(), b""),
        entry_id=entry_id.decode(),
        run=text(keys.FIELD_RUN, LONGEST_RUN),
        seq=number(keys.FIELD_SEQ),
        follows=text(keys.FIELD_FOLLOWS),
        gap=text(keys.FIELD_GAP),
        gap_s=number(keys.FIELD_GAP_MS) / 1_000,
    )
