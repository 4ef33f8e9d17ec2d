"""Hears what Redis refuses to keep, and shows it."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import redis

from services.collector.live_camera import LiveCamera
from vitalrig.errors import BadMessage
from vitalrig.redis_client import REDIS_ERRORS
from vitalrig.unkept import Unkept, unkept_channel

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 1.0
MOST_AT_ONCE = 10_000
"""More than all cameras of a rig show at once; what is left is heard in the next turn."""


class UnkeptListener:
    """
    Listens to a channel that is silent unless Redis keeps nothing more.

    Args:
        client: Redis, for this alone.
        cameras: The cameras, by prefix.
        clock_s: Seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        client: redis.Redis,
        cameras: Mapping[str, LiveCamera],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._cameras = {unkept_channel(prefix).encode(): cameras[prefix] for prefix in cameras}
        self._clock_s = clock_s
        self._subscription: Any = None
        self._due_s = float("-inf")

    def look(self) -> None:
        """
        Show what was heard since the last look; it never waits for any.
        """
        if self._clock_s() < self._due_s:
            return
        try:
            if self._subscription is None:
                self._subscription = self._client.pubsub()  # type: ignore[no-untyped-call]
                self._subscription.subscribe(*self._cameras)
            for _ in range(MOST_AT_ONCE):
                message = self._subscription.get_message()
                if message is None:
                    return
                if message["type"] == "message":
                    self._show(message["channel"], message["data"])
        except REDIS_ERRORS as exc:
            log.debug("what is not kept cannot be heard", extra={"why": str(exc)})
            self._due_s = self._clock_s() + AGAIN_AFTER_S
            self.close()

    def close(self) -> None:
        """
        Listen no longer.
        """
        if self._subscription is not None:
            self._subscription.close()
            self._subscription = None

    def _show(self, channel: bytes, raw: bytes) -> None:
        try:
            unkept = Unkept.parse(raw)
        except BadMessage as exc:
            log.debug("not shown", extra={"why": str(exc)})
        else:
            self._cameras[channel].hear(unkept)
