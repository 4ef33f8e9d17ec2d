"""How many files the collector may have open: some for each camera."""

import logging
import resource

log = logging.getLogger(__name__)

EACH = 4
"""Of a camera: its lock and its JSONL, and while sessions begin or end two more."""

OTHERS = 256


def allow_open_files(cameras: int) -> None:
    """
    Raise the soft limit of open files to what so many cameras need, as far as the hard one goes.
    """
    needed = EACH * cameras + OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed < needed:
        log.warning(
            "too few files may be open for so many cameras",
            extra={"cameras": cameras, "needed": needed, "allowed": allowed},
        )
