"""Dates of foreign numbers: a stamp that is not a possible date is unknown, and never an error."""

from datetime import UTC, datetime, timedelta

UNKNOWN = "unknown"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(epoch_ms: float) -> datetime | None:
    """
    The moment of a stamp in UTC.

    Args:
        epoch_ms: Milliseconds since 1970, from anywhere.

    Returns:
        None if that is not a date of the years 1 to 9999.
    """
    try:
        return _EPOCH + timedelta(milliseconds=epoch_ms)
    except (ValueError, ArithmeticError):  # no number, or beyond the calendar
        return None


def moment_of_us(epoch_us: float) -> datetime | None:
    """The moment of a stamp in microseconds since 1970, like :func:`moment_of`."""
    try:
        return _EPOCH + timedelta(microseconds=epoch_us)
    except (ValueError, ArithmeticError):
        return None


def iso(epoch_ms: float) -> str:
    """A moment in UTC as ISO 8601 without a zone, the way the documents have it."""
    moment = moment_of(epoch_ms)
    return UNKNOWN if moment is None else moment.replace(tzinfo=None).isoformat()
