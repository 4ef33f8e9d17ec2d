"""Hearing what services report, for as long as the exporter runs."""

import logging
import threading
from collections.abc import Mapping
from typing import Any

import redis

from services.exporter.report_board import ReportBoard
from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.redis_client import REDIS_ERRORS, describe_error

log = logging.getLogger(__name__)

TURN_S = 0.5
SILENCE_S = 3.0
"""Where services live somebody reports every second; after a longer silence the line is tried."""

PATIENCE_S = 1.0
"""With a Redis that does not answer."""

AGAIN_AFTER_S = 0.5
"""A lost connection is tried again; reports come once a second."""


class ReportListener:
    """
    Subscribes to all reports of one Redis, and again whenever the connection fails.

    Args:
        client: Redis, with a patience of its own.
        board: Where what is heard is put up.
        clock: What tells how long nothing was heard.
    """

    def __init__(self, client: redis.Redis, board: ReportBoard, clock: Clock) -> None:
        self._client = client
        self._board = board
        self._clock = clock

    def start(self, stop: threading.Event) -> None:
        """
        Listen until *stop* is set, in a thread that never holds up the end of the process.
        """
        threading.Thread(target=self._run, args=(stop,), name="reports", daemon=True).start()

    def _run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self._listen(stop)
            except REDIS_ERRORS as exc:
                self._board.deaf(describe_error(exc))
                log.debug("reports cannot be heard", extra={"why": str(exc)})
                stop.wait(AGAIN_AFTER_S)

    def _listen(self, stop: threading.Event) -> None:
        """
        Put up what is heard, until the connection fails.

        Where nobody reports, the subscription is asked for again: its answer shows that the
        connection lives. A PING would be refused by a Redis whose disk is full.

        Raises:
            RedisError: If Redis is away or hangs; also `OSError`.
        """
        with self._client.pubsub() as subscription:  # type: ignore[no-untyped-call]
            subscription.psubscribe(redis_keys.REPORTS)
            heard_at_s, asked = self._clock.monotonic_s(), True
            while not stop.is_set():
                message = subscription.get_message(timeout=TURN_S)
                now_s = self._clock.monotonic_s()
                if message is not None:
                    heard_at_s, asked = now_s, False
                    self._take(message)
                elif now_s - heard_at_s > SILENCE_S + PATIENCE_S:
                    raise redis.TimeoutError("it hangs")
                elif now_s - heard_at_s > SILENCE_S and not asked:
                    subscription.psubscribe(redis_keys.REPORTS)
                    asked = True

    def _take(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "pmessage":
            self._board.hear(message["channel"], message["data"])
        else:
            self._board.listening()
