"""Keeps a durable stream within its limits, and makes room when Redis is full."""

import logging
from collections.abc import Sequence
from typing import Any

import redis.asyncio

from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.redis_client import REDIS_ERRORS
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.stream_limits import LOOK_EVERY_S, Command, Limits, StreamState, questions

log = logging.getLogger(__name__)


class StreamKeeper:
    """
    Looks at one stream now and then, and trims it.

    Args:
        client: Redis.
        camera: The key prefix whose stream it is.
        limits: How much it may hold.
        beats: Gets the fact `streams`, and the counter `stream_made_room`.
        clock: What tells the time.

    Attributes:
        max_entries: How many entries it may hold now.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        camera: str,
        limits: Limits,
        beats: ServiceHeartbeats,
        clock: Clock,
    ) -> None:
        self._client = client
        self._camera = camera
        self._stream = redis_keys.envelopes_stream(camera)
        self._limits = limits
        self._beats = beats
        self._clock = clock
        self._looked_at_s = float("-inf")
        self.max_entries = limits.max_entries
        beats.count("stream_made_room", 0)

    async def look(self) -> None:
        """
        See what the stream holds, and remove what is too old or too much, every few seconds.

        Room is made before Redis is full.

        Raises:
            redis.RedisError: If Redis is away.
            OSError: If Redis is away.
        """
        now_s = self._clock.monotonic_s()
        if now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = now_s
        state = await self._state()
        self.max_entries = self._limits.entries(state)
        if (command := self._limits.too_old(self._stream, state)) is not None:
            await self._run([command])
            state = await self._state()
        if self._limits.wants_room(state) and await self._make_room(state):
            state = await self._state()
        self._beats.facts["streams"] = {
            self._camera: {"held_s": state.held_s, "size_bytes": state.size_bytes}
        }

    async def make_room(self) -> bool:
        """
        Remove the oldest part; tell whether there was any.

        Of the last minutes only what is recorded goes.
        """
        try:
            return await self._make_room(await self._state())
        except REDIS_ERRORS:
            return False

    async def _make_room(self, state: StreamState) -> bool:
        command = self._limits.room(self._stream, state)
        command = command or self._limits.recorded_room(self._stream, state)
        if command is None:
            return False
        (removed,) = await self._run([command])
        if not isinstance(removed, int) or not removed:
            return False
        self._beats.count("stream_made_room")
        log.warning(
            "Redis is full: the oldest of the stream was removed",
            extra={"entries": removed, "held_s": round(state.held_s)},
        )
        return True

    async def _state(self) -> StreamState:
        return StreamState.parse(await self._run(questions(self._stream)))

    async def _run(self, commands: Sequence[Command]) -> list[Any]:
        """
        Run all; the answer to one that Redis refuses is its error.
        """
        pipe = self._client.pipeline(transaction=False)
        for command in commands:
            pipe.execute_command(*command)
        return list(await pipe.execute(raise_on_error=False))
