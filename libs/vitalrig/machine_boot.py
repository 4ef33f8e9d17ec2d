"""Which start of the machine this is."""

from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_boot() -> str:
    """
    Name the machine's boot; empty if it has no name.
    """
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
