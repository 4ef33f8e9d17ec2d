"""Dates of foreign numbers: a stamp that is no possible date is unknown, and never an error."""

from datetime import UTC, datetime

UNKNOWN = "unknown"


def moment_of(epoch_ms: float) -> datetime | None:
    """
    The moment of a stamp in UTC.

    Args:
        epoch_ms: Milliseconds since 1970, from anywhere.

    Returns:
        None if that is no date of the years 1 to 9999.
    """
    try:
        return datetime.fromtimestamp(epoch_ms / 1000, tz=UTC)
    except (ValueError, ArithmeticError, OSError):  # beyond the calendar, a float, or the system
        return None


def iso(epoch_ms: float) -> str:
    """A moment in UTC as ISO 8601 without a zone, the way the documents have it."""
    moment = moment_of(epoch_ms)
    return UNKNOWN if moment is None else moment.replace(tzinfo=None).isoformat()
