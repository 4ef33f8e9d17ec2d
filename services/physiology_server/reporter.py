"""Heartbeats on their way to Redis."""

import asyncio
import contextlib

import orjson
import redis.asyncio

from vitalrig import redis_keys
from vitalrig.redis_client import REDIS_ERRORS
from vitalrig.service.heartbeats import ServiceHeartbeats

REPORT_EVERY_S = 1.0


class Reporter:
    """
    Publishes the heartbeats about once a second. A Redis that is away misses a report.

    Args:
        client: Redis.
        beats: What is published.
    """

    def __init__(self, client: redis.asyncio.Redis, beats: ServiceHeartbeats) -> None:
        self._client = client
        self._beats = beats

    async def run(self) -> None:
        """
        Report until cancelled.
        """
        channel = f"{redis_keys.HEARTBEATS}{self._beats.key}"
        async with self._client:
            while True:
                with contextlib.suppress(*REDIS_ERRORS):
                    report = orjson.dumps(self._beats.report())
                    await self._client.publish(channel, report)
                await asyncio.sleep(REPORT_EVERY_S)
