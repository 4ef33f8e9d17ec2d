"""Who is connected, and who makes room for whom."""

import contextlib
import socket
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

from vitalrig.clock import Clock


@dataclass(slots=True)
class _Caller:
    """
    One connection.

    Attributes:
        address: Whom it is of.
        since_s: Since when, on the monotonic clock.
        waited_for: Whether the next move is the caller's: to ask, or to read the answer.
    """

    address: str
    since_s: float
    waited_for: bool = True


class OpenConnections:
    """
    The connections that are open, up to so many. Safe to use from several threads.

    When all places are taken, a caller that is waited for makes room for a new one: the oldest of
    the address that has the most of them, so that a flood from one address drives out itself.

    Args:
        most: How many may be open.
        clock: What tells the time.
    """

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._lock = Lock()
        self._callers: dict[socket.socket, _Caller] = {}

    def __len__(self) -> int:
        return len(self._callers)

    def come_in(self, connection: socket.socket, address: str) -> bool:
        """
        Take a new connection, if need be in the place of another; say whether there is room.
        """
        with self._lock:
            if len(self._callers) >= self._most and not self._make_room():
                return False
            self._callers[connection] = _Caller(address, self._clock.monotonic_s())
            return True

    def goes_on_as(self, connection: socket.socket, protected: socket.socket) -> None:
        """
        A connection is now spoken over by way of another object.

        Raises:
            OSError: If it has been cut off meanwhile.
        """
        with self._lock:
            caller = self._callers.pop(connection, None)
            if caller is None:
                protected.close()
                raise OSError("made room for another")
            self._callers[protected] = caller

    @contextmanager
    def not_waited_for(self, connection: socket.socket) -> Iterator[None]:
        """
        While the block runs, the next move is ours; its connection makes room for nobody.
        """
        self._wait_for(connection, waited_for=False)
        try:
            yield
        finally:
            self._wait_for(connection, waited_for=True)

    def leave(self, connection: socket.socket) -> None:
        """
        A connection has ended.
        """
        with self._lock:
            self._callers.pop(connection, None)

    def cut_off_after(self, longest_s: float) -> None:
        """
        End all connections that have been open for longer.
        """
        oldest_s = self._clock.monotonic_s() - longest_s
        with self._lock:
            late = [each for each, caller in self._callers.items() if caller.since_s < oldest_s]
        for connection in late:
            _cut_off(connection)

    def _wait_for(self, connection: socket.socket, *, waited_for: bool) -> None:
        with self._lock:
            if caller := self._callers.get(connection):
                caller.waited_for = waited_for

    def _make_room(self) -> bool:
        waited_for = {each: one for each, one in self._callers.items() if one.waited_for}
        if not waited_for:
            return False
        of_address = Counter(caller.address for caller in waited_for.values())
        connection = max(
            waited_for,
            key=lambda each: (of_address[waited_for[each].address], -waited_for[each].since_s),
        )
        del self._callers[connection]
        _cut_off(connection)
        return True


def _cut_off(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
