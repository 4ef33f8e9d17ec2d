"""Shows what is newest while the recording is behind, or held up by the disk."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis

from services.collector.live_camera import LiveCamera
from services.collector.transport.entries import received_envelope
from services.collector.transport.reading_plan import STREAMS_AT_ONCE
from vitalrig import redis_keys
from vitalrig.redis_client import REDIS_ERRORS

log = logging.getLogger(__name__)

BEHIND_AFTER_S = 1.5
"""A stream that was not read to its end for so long is read here."""

NEWEST = 40
"""So many entries hold every series of a camera, which has 35 a second."""

REST = 2.0
"""It rests for so many times as long as it worked, so that the recording comes forward."""


class StandIn:
    """
    Reads the end of the streams that the recording has not come to, and shows it.

    Args:
        client: Redis, for this alone.
        cameras: The cameras, by prefix.
        at_end_s: When the recording had come to the end of a camera's stream.
        clock_s: Seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        client: redis.Redis,
        cameras: Mapping[str, LiveCamera],
        at_end_s: Callable[[str], float],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._cameras = cameras
        self._at_end_s = at_end_s
        self._clock_s = clock_s
        self._due_s = clock_s() + BEHIND_AFTER_S

    def look(self) -> None:
        """
        Show the newest of each camera that the recording is behind with, if that is due.
        """
        began_s = self._clock_s()
        if began_s < self._due_s:
            return
        behind = [prefix for prefix in self._cameras if self._is_behind(prefix, began_s)]
        try:
            for first in range(0, len(behind), STREAMS_AT_ONCE):
                self._show(behind[first : first + STREAMS_AT_ONCE])
        except REDIS_ERRORS as exc:
            log.debug("the newest cannot be read", extra={"why": str(exc)})
        self._due_s = self._clock_s() + REST * (self._clock_s() - began_s)

    def _is_behind(self, prefix: str, now_s: float) -> bool:
        if now_s - self._at_end_s(prefix) > BEHIND_AFTER_S:
            return True
        self._cameras[prefix].is_in_step()
        return False

    def _show(self, prefixes: Sequence[str]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for prefix in prefixes:
            pipe.xrevrange(redis_keys.envelopes_stream(prefix), count=NEWEST)
        answers: list[Any] = pipe.execute(raise_on_error=False)
        for prefix, entries in zip(prefixes, answers, strict=True):
            if entries and not isinstance(entries, Exception):
                newest = [
                    received_envelope(prefix, entry_id, fields) for entry_id, fields in entries
                ]
                self._cameras[prefix].show(newest[::-1])
