"""When an event happened, as text, and the day that its file is for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

NowProvider = Callable[[], datetime]
"""Gives the present time, with a zone: its local hour decides the day of the site file."""

_HALF_A_DAY = timedelta(hours=12)


def local_now() -> datetime:
    """
    Give the present time in the machine's zone.
    """
    return datetime.now(UTC).astimezone()


def utc_iso_z(now: datetime | None = None) -> str:
    """
    Give a time in UTC as ISO 8601, milliseconds cut, with a trailing Z.

    Args:
        now: The time; the present one if None. Without a zone it is a local one.
    """
    current = (now or datetime.now(UTC)).astimezone(UTC)
    return f"{current.isoformat(timespec='milliseconds')[:-6]}Z"


def get_site_day_key(local_dt: datetime) -> str:
    """
    Give the day, YYYYMMDD, of the site file that is written at a local time: days begin at noon.

    Raises:
        ValueError: If the time has no zone.
    """
    if local_dt.tzinfo is None:
        raise ValueError("local_dt must be timezone-aware")
    day = local_dt - _HALF_A_DAY  # on the clock on the wall, whatever summer time does
    return f"{day.year:04}{day.month:02}{day.day:02}"


site_day_key = get_site_day_key
"""The same, by the name that our own code uses."""
