"""Times as text, as RFC 3339 has them."""

import re
from datetime import UTC, datetime, timedelta, timezone

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d{1,18})?([Zz]|([+-])(\d\d):(\d\d))",
    re.ASCII,
)
_LEAP_SECOND = 60
_LAST_HOUR, _LAST_MINUTE = 23, 59


def parse_rfc3339(text: str) -> datetime:
    """
    Read a time with its zone; a leap second is taken for the one before it.

    Raises:
        ValueError: If it is none.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("no RFC 3339 time with a zone")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    fraction, zone, sign, zone_hours, zone_minutes = found.groups()[6:]
    offset = UTC
    if sign:
        if int(zone_hours) > _LAST_HOUR or int(zone_minutes) > _LAST_MINUTE:
            raise ValueError(f"no zone: {zone}")
        shift = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        offset = timezone(-shift if sign == "-" else shift)
    if second == _LEAP_SECOND:
        second -= 1
    microsecond = int((fraction or ".")[1:7].ljust(6, "0"))
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=offset)
