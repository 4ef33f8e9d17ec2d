"""
Clients of an event API, lean: one thread, raw sockets, each client waits for its answer.

What a client of the standard library costs would be part of every figure otherwise.
"""

import selectors
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Round:
    """
    What one round measured.

    Attributes:
        events_per_s: Events that were answered, a second.
        p99_ms: The 99th percentile of the time from question to answer.
        cpu_us: CPU of the server for one event.
    """

    events_per_s: float
    p99_ms: float
    cpu_us: float


def request(path: str, body: bytes) -> bytes:
    """A POST of JSON, as it goes over the line."""
    return (
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (path.encode(), len(body), body)
    )


def cpu_s(pids: Sequence[int]) -> float:
    """CPU that processes have had so far, with all their threads."""
    total = 0
    for pid in pids:
        for schedstat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            total += int(schedstat.read_text().split()[0])
    return total / 1e9


class Asking:
    """One client on its connection."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answer = b""
        self._began_s = 0.0

    def ask(self, words: bytes) -> None:
        self._answer = b""
        self._began_s = time.perf_counter()
        self.socket.sendall(words)

    def took_s(self) -> float | None:
        """Take what has come; gives the time if that is the whole answer."""
        self._answer += self.socket.recv(1 << 20)
        head, end, body = self._answer.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if len(body) < length:
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"{self._answer[:500]!r}")
        return time.perf_counter() - self._began_s


def play(
    port: int, requests: Sequence[bytes], clients: int, pids: Sequence[int], events_each: int = 1
) -> Round:
    """Have clients send requests, each its next one as soon as it has its answer."""
    waiting = iter(requests)
    took: list[float] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            asking = Asking(port)
            selector.register(asking.socket, selectors.EVENT_READ, asking)
        cpu_before_s, began_s = cpu_s(pids), time.perf_counter()
        for key in list(selector.get_map().values()):
            key.data.ask(next(waiting))
        while len(took) < len(requests):
            for key, _ in selector.select():
                asking = key.data
                seconds = asking.took_s()
                if seconds is None:
                    continue
                took.append(seconds)
                if (words := next(waiting, None)) is not None:
                    asking.ask(words)
        wall_s, spent_s = time.perf_counter() - began_s, cpu_s(pids) - cpu_before_s
        for key in list(selector.get_map().values()):
            key.data.socket.close()
    count = len(requests) * events_each
    p99_ms = statistics.quantiles(took, n=100)[98] * 1_000
    return Round(count / wall_s, p99_ms, spent_s / count * 1e6)
