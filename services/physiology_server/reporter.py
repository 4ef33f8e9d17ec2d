"""Heartbeats on their way to Redis."""

import asyncio
import contextlib

import orjson
import redis.asyncio

from vitalrig import keys
from vitalrig.beats import Beats
from vitalrig.bus import AWAY

REPORT_EVERY_S = 1.0


class Reporter:
    """
    Publishes the heartbeats about once a second. A Redis that is away misses a report.

    Args:
        client: Redis.
        beats: What is published.
    """

    def __init__(self, client: redis.asyncio.Redis, beats: Beats) -> None:
        self._client = client
        self._beats = beats

    async def run(self) -> None:
        """
        Report until cancelled.
        """
        channel = f"{keys.HEARTBEATS}{self._beats.key}"
        async with self._client:
            while True:
                with contextlib.suppress(*AWAY):
                    report = orjson.dumps(self._beats.report())
                    await self._client.publish(channel, report)
                await asyncio.sleep(REPORT_EVERY_S)
