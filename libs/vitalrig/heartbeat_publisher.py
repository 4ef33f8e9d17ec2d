"""What a service says of itself, on its way to Redis about once a second."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

import orjson
import redis
import redis.asyncio

from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable
from vitalrig.redis_client import REDIS_ERRORS, describe_error
from vitalrig.service.heartbeats import ServiceHeartbeats

PUBLISH_EVERY_S = 1.0

Message = tuple[str, bytes | str]
"""A channel, and what is published there."""


class HeartbeatPublisher:
    """
    Publishes a service's heartbeats from its loop. A Redis that is away misses them.

    Args:
        client: Redis.
        beats: What is published.
        clock: What tells when that is due.
        more: Gives what else is published then.
    """

    def __init__(
        self,
        client: redis.Redis,
        beats: ServiceHeartbeats,
        clock: Clock,
        more: Callable[[], Iterable[Message]] = tuple,
    ) -> None:
        self._client = client
        self.beats = beats
        self._clock = clock
        self._more = more
        self._due_s = float("-inf")

    def publish_if_due(self) -> bool:
        """
        Publish, if the last time was a second ago; tells whether it was.

        Raises:
            Unavailable: If Redis is away. The next is due in a second all the same.
        """
        now_s = self._clock.monotonic_s()
        if now_s < self._due_s:
            return False
        self._due_s = now_s + PUBLISH_EVERY_S
        pipe = self._client.pipeline(transaction=False)
        for channel, text in (*self._more(), _heartbeats(self.beats)):
            pipe.publish(channel, text)
        try:
            pipe.execute()
        except REDIS_ERRORS as exc:
            raise Unavailable(describe_error(exc)) from exc
        return True


async def keep_publishing(client: redis.asyncio.Redis, beats: ServiceHeartbeats) -> None:
    """
    Publish a service's heartbeats from an event loop until cancelled, then close *client*.
    """
    async with client:
        while True:
            with contextlib.suppress(*REDIS_ERRORS):
                await client.publish(*_heartbeats(beats))
            await asyncio.sleep(PUBLISH_EVERY_S)


def _heartbeats(beats: ServiceHeartbeats) -> tuple[str, bytes]:
    return f"{redis_keys.HEARTBEATS}{beats.key}", orjson.dumps(beats.report())
