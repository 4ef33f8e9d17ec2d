"""
Ports for a rig's services: on 127.0.0.1, free, and nobody else's until they are given back.

They lie outside the range that the machine gives to outgoing connections. A port from inside may
be taken by any of those while its service is down for a moment.
"""

import contextlib
import fcntl
import os
import random
import socket
from pathlib import Path
from typing import ClassVar

from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.run_folder import harness_folder

_EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
_USUAL_EPHEMERAL = (32_768, 60_999)
_FIRST, _LAST = 15_000, 65_535
"""Below are ports that people know by heart."""


class ReservedPorts:
    """
    The ports of one rig.

    Others that ask in this way, in whatever process, do not get them, though nothing listens.
    A process that dies gives its ports back.
    """

    _taken_here: ClassVar[dict[int, object]] = {}  # the locks, too, are the process's
    _locks = -1
    _locks_of = 0

    def __init__(self) -> None:
        self._ports: list[int] = []

    def take(self) -> int:
        """
        Reserve a free port.

        Raises:
            HarnessError: If there is none.
        """
        return self.take_row(1)

    def take_row(self, count: int) -> int:
        """
        Reserve free ports that follow each other, such as those of a rig of several cameras.

        Returns:
            The first of them.

        Raises:
            HarnessError: If there are not so many.
        """
        choices = candidates()
        allowed = set(choices)
        start = random.SystemRandom().randrange(len(choices))
        for first in choices[start:] + choices[:start]:
            row = list(range(first, first + count))
            if allowed.issuperset(row) and self._reserve_all(row):
                self._ports += row
                return first
        wanted = "port" if count == 1 else f"row of {count} ports"
        raise HarnessError(f"no {wanted} on 127.0.0.1 is free")

    def release(self) -> None:
        """
        Give all of them back.
        """
        while self._ports:
            self._give_back(self._ports.pop())

    def _reserve_all(self, row: list[int]) -> bool:
        had: list[int] = []
        for port in row:
            if not self._reserve(port):
                for each in had:
                    self._give_back(each)
                return False
            had.append(port)
        return True

    def _reserve(self, port: int) -> bool:
        # Two threads of this process: the lock is for both of them, so one asks first.
        if self._taken_here.setdefault(port, mark := object()) is not mark:
            return False
        with contextlib.suppress(OSError):
            fcntl.lockf(self._lock_file(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
            if is_free(port):
                return True
        self._give_back(port)
        return False

    def _give_back(self, port: int) -> None:
        with contextlib.suppress(OSError):
            fcntl.lockf(self._lock_file(), fcntl.LOCK_UN, 1, port)
        self._taken_here.pop(port, None)

    @classmethod
    def _lock_file(cls) -> int:
        """
        Give the file whose byte N is locked for port N; open for as long as this process lives.
        """
        if cls._locks < 0 or cls._locks_of != os.getpid():
            cls._locks = os.open(harness_folder() / "ports.lock", os.O_RDWR | os.O_CREAT, 0o600)
            cls._locks_of = os.getpid()
        return cls._locks


def candidates() -> list[int]:
    """
    Give the ports that no outgoing connection of this machine takes.
    """
    low, high = _USUAL_EPHEMERAL
    with contextlib.suppress(OSError, ValueError):
        low, high = map(int, _EPHEMERAL.read_text(encoding="ascii").split())
    return [port for port in range(_FIRST, _LAST + 1) if not low <= port <= high]


def is_free(port: int) -> bool:
    """
    Tell whether a port of 127.0.0.1 can be listened on now.
    """
    with socket.socket() as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
