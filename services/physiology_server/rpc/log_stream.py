"""The log as a stream: records of any thread become messages for its readers."""

import asyncio
import contextlib
import logging
from collections import deque

import orjson

from services.physiology_server.publishing.subscribers import Subscribers

CHANNEL = "logs"
MOST_PENDING = 1_000
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogStream(logging.Handler):
    """
    Offers each log record to the readers of `logs`; without readers it does nothing.

    A record may come from any thread; it is handed to the event loop through a queue that loses
    the oldest when it is full, of which readers are told.

    Args:
        subscribers: Who reads.
        loop: The event loop that they belong to.
    """

    def __init__(self, subscribers: Subscribers, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._subscribers = subscribers
        self._loop = loop
        self._pending: deque[tuple[int, bytes]] = deque(maxlen=MOST_PENDING)
        self._scheduled = False
        self._seq = 0
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """
        Queue one record.
        """
        if not self._subscribers.count(CHANNEL) or self._loop.is_closed():
            return
        try:
            self._seq += 1
            self._lost += len(self._pending) == MOST_PENDING
            self._pending.append((self._seq, line(record)))
            if not self._scheduled:
                self._scheduled = True
                self._loop.call_soon_threadsafe(self._flush)
        except Exception:  # noqa: BLE001  logging never breaks what logs
            self.handleError(record)

    def _flush(self) -> None:
        self._scheduled = False
        with self.lock or contextlib.nullcontext():
            lost, self._lost = self._lost, 0
        self._subscribers.miss(CHANNEL, lost)
        while self._pending:
            seq, envelope = self._pending.popleft()
            self._subscribers.offer(CHANNEL, envelope, seq)


def line(record: logging.LogRecord) -> bytes:
    """
    The envelope of a log record; its data follow the message as `key=value`.
    """
    data = [f"{key}={value!r}" for key, value in vars(record).items() if key not in _PLAIN]
    if record.exc_info and record.exc_info[1] is not None:
        data.append(f"error={record.exc_info[1]!r}")
    timestamp_us = int(record.created * 1e6)
    payload = {
        "message": " ".join([record.getMessage(), *data]),
        "timestamp": str(timestamp_us),
        "level": record.levelname.lower(),
        "logger": record.name,
    }
    return orjson.dumps({"type": "log", "timestamp": timestamp_us, "payload": payload})
