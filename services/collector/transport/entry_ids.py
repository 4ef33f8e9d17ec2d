"""Ids of a stream's entries: `<milliseconds>-<number>`, by the clock of Redis."""

import re

BEFORE_ALL = "0-0"
"""The id after which a stream goes on with its oldest entry."""

_ID = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
_BEYOND = 2**64


def is_entry_id(text: str) -> bool:
    """
    Whether *text* can be the id of an entry.
    """
    match = _ID.fullmatch(text)
    return match is not None and all(int(part) < _BEYOND for part in match.groups())


def order_of(entry_id: str) -> tuple[int, int]:
    """
    Give what puts ids of entries in their order.
    """
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number or 0)


def entry_before(entry_id: str) -> str:
    """
    Give the id after which a stream goes on with the entry *entry_id*.
    """
    milliseconds, number = order_of(entry_id)
    return f"{milliseconds}-{number - 1}" if number else f"{milliseconds - 1}-{_BEYOND - 1}"
