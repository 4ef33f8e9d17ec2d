"""Moments and lengths in words; what makes no sense is unknown."""

from typing import TypeGuard

from smartspectra.ipc.session.moments import UNKNOWN, moment_of

NOTHING = "-"
_LONGEST_S = 1e12


def date_and_time(epoch_ms: object) -> str:
    """
    A moment in UTC, to the second.

    Args:
        epoch_ms: Milliseconds since 1970, as a file has it; None if it says nothing.
    """
    if epoch_ms is None:
        return NOTHING
    moment = moment_of(epoch_ms) if _is_number(epoch_ms) else None
    return UNKNOWN if moment is None else moment.strftime("%Y-%m-%d %H:%M:%S")


def length(seconds: object) -> str:
    """
    Hours, minutes and seconds.

    Args:
        seconds: As a file has it; None if it says nothing.
    """
    if seconds is None:
        return NOTHING
    if not _is_number(seconds) or not 0 <= seconds < _LONGEST_S:
        return UNKNOWN
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
