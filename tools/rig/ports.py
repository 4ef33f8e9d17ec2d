"""
Whether a port is free, and who has it if not.
"""

import contextlib
import socket
from pathlib import Path


def is_free(address: str, port: int) -> bool:
    """
    Whether a server could listen there now.

    It is tried as servers do it (``SO_REUSEADDR``), so that a connection that was closed a moment
    ago does not count.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def next_free(address: str, port: int) -> int | None:
    """
    Return the first free port above *port* within reach, to suggest it.
    """
    return next((p for p in range(port + 1, min(port + 100, 65536)) if is_free(address, p)), None)


def holder(port: int) -> str | None:
    """
    Name the process that listens on *port*, where this user may see it (Linux).
    """
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if _open_files(process) & inodes:
            with contextlib.suppress(OSError):  # it ended meanwhile
                name = (process / "comm").read_text(encoding="utf-8").strip()
                return f"{name} (pid {process.name})"
    return None


def _open_files(process: Path) -> set[str]:
    """What a process has open; nothing where it belongs to somebody else."""
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                found.add(str(descriptor.readlink()))
    return found


def _listening_inodes(port: int) -> set[str]:
    """The sockets in state LISTEN on *port*, as ``/proc/<pid>/fd`` shows them."""
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            # sl local_address rem_address st ... inode: proc(5)
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
