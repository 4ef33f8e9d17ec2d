"""From Redis to a collector: connect, subscribe, feed, and connect again when Redis was away."""

import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.storage.outage import Outage
from smartspectra.ipc.wire.resp import RespError, RespReader, encode_command, normalize

log = logging.getLogger(__name__)

AWAY = "the connection to Redis was lost for a while"

_POLL_S = 0.5
_CONNECT_S = 5.0
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 5.0
_ASK_AFTER_S = 5.0
_GIVE_UP_AFTER_S = 15.0
_NEVER_PASSES = frozenset({"NOAUTH", "WRONGPASS", "NOPERM"})
"""Errors of Redis that waiting does not mend."""


class _Collector(Protocol):
    """What is fed, a :class:`MetricsCollector` for one."""

    config: MetricsCollectorConfig

    @property
    def core_channel(self) -> str: ...
    @property
    def edge_channel(self) -> str: ...
    @property
    def recording_state_channel(self) -> str: ...
    def process_envelopes(self, batch: Sequence[str | bytes]) -> int: ...
    def tick(self) -> None: ...
    def note_absence(self, why: str) -> None: ...


class RedisFeed:
    """
    Subscribes to a collector's three channels and feeds it what is published.

    What is published while the connection is lost is not heard; the collector is told.

    Args:
        collector: What is fed; its configuration says where Redis is.
        username: For Redis's AUTH; the default user if None.
        password: For Redis's AUTH; no AUTH is sent if None.
    """

    def __init__(
        self, collector: _Collector, username: str | None = None, password: str | None = None
    ) -> None:
        self._collector = collector
        self._login = [each for each in (username, password) if each] if password else []
        self._was_heard = False
        self._outage = Outage(_FIRST_WAIT_S, _LONGEST_WAIT_S)

    def run(self, stop: threading.Event) -> None:
        """
        Feed until *stop* is set.

        Raises:
            RespError: If Redis refuses for a reason that does not pass by itself, such as
                a wrong password.
        """
        while not stop.is_set():
            try:
                with self._connected() as (sock, reader):
                    self._listen(sock, reader, stop)
            except RespError as exc:
                if str(exc).partition(" ")[0] in _NEVER_PASSES:
                    raise
                self._note_away(exc)
            except OSError as exc:
                self._note_away(exc)
            self._wait(stop)

    @contextmanager
    def _connected(self) -> Iterator[tuple[socket.socket, RespReader]]:
        config, collector = self._collector.config, self._collector
        address = (config.redis_host, config.redis_port)
        with socket.create_connection(address, timeout=_CONNECT_S) as sock:
            reader = RespReader(sock)
            if self._login:
                sock.sendall(encode_command("AUTH", *self._login))
                self._expect("OK", reader)
            sock.sendall(encode_command("PING"))
            self._expect("PONG", reader)
            channels = (
                collector.core_channel,
                collector.edge_channel,
                collector.recording_state_channel,
            )
            sock.sendall(encode_command("SUBSCRIBE", *channels))
            sock.settimeout(_POLL_S)
            yield sock, reader

    def _expect(self, word: str, reader: RespReader) -> None:
        reply = normalize(reader.read())
        if reply != word:
            raise ConnectionError(f"{reply!r} came where {word} was expected")

    def _listen(self, sock: socket.socket, reader: RespReader, stop: threading.Event) -> None:
        heard_s, asked = time.monotonic(), False
        while not stop.is_set():
            replies = reader.read_many()
            if replies:
                heard_s, asked = time.monotonic(), False
                self._take(replies)
                continue
            self._collector.tick()
            silent_s = time.monotonic() - heard_s
            if silent_s > _GIVE_UP_AFTER_S:
                raise ConnectionError("no answer to PING")
            if silent_s > _ASK_AFTER_S and not asked:
                sock.sendall(encode_command("PING"))
                asked = True

    def _take(self, replies: list[Any]) -> None:
        envelopes: list[bytes] = []
        for reply in replies:
            match reply:
                case [b"message", bytes(), bytes(envelope)]:
                    envelopes.append(envelope)
                case [b"subscribe", *_]:
                    self._note_back()
                case RespError():
                    raise reply
        if envelopes:
            self._collector.process_envelopes(envelopes)

    def _note_back(self) -> None:
        was_away = self._outage.end() is not None
        if was_away and self._was_heard:
            self._collector.note_absence(AWAY)
        if was_away or not self._was_heard:
            config = self._collector.config
            log.info("listening to Redis at %s:%d", config.redis_host, config.redis_port)
        self._was_heard = True

    def _note_away(self, exc: Exception) -> None:
        if self._outage.fail(str(exc)):
            config = self._collector.config
            log.warning("Redis at %s:%d is away: %s", config.redis_host, config.redis_port, exc)

    def _wait(self, stop: threading.Event) -> None:
        """Let some time pass, in which the collector's files are still looked after."""
        while not stop.is_set() and (left_s := self._outage.left_s) > 0:
            self._collector.tick()
            stop.wait(min(left_s, _POLL_S))
