"""Keeps the relay's streams within their limits, and makes room when Redis is full."""

import logging
from collections.abc import Sequence
from typing import Any

import redis

from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.redis_client import REDIS_ERRORS
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.stream_limits import LOOK_EVERY_S, Command, Limits, StreamState, questions

log = logging.getLogger(__name__)


class RelayStreams:
    """
    Looks at all streams now and then, and trims them.

    Args:
        client: Redis.
        prefixes: Whose streams.
        limits: How much each may hold.
        beats: Gets the fact `streams`, and the counter `stream_made_room`.
        clock: What tells the time.
    """

    def __init__(
        self,
        client: redis.Redis,
        prefixes: Sequence[str],
        limits: Limits,
        beats: ServiceHeartbeats,
        clock: Clock,
    ) -> None:
        self._client = client
        self._limits = limits
        self._beats = beats
        self._clock = clock
        self._looked_at_s = float("-inf")
        self._max_entries = dict.fromkeys(prefixes, limits.max_entries)
        beats.count("stream_made_room", 0)

    def max_entries(self, prefix: str) -> int:
        """
        How many entries the stream of *prefix* may hold now.
        """
        return self._max_entries[prefix]

    def look(self) -> None:
        """
        See what the streams hold, and remove what is too old or too much, every few seconds.

        A Redis that is away is looked at the next time.
        """
        now_s = self._clock.monotonic_s()
        if now_s - self._looked_at_s < LOOK_EVERY_S:
            return
        self._looked_at_s = now_s
        facts = {}
        try:
            for prefix in self._max_entries:
                state = self._state(prefix)
                self._max_entries[prefix] = self._limits.entries(state)
                command = self._limits.too_old(redis_keys.envelopes_stream(prefix), state)
                if command is not None:
                    self._run([command])
                elif self._limits.wants_room(state) and not self._remove_old(prefix, state):
                    self._remove_recorded(prefix, state)
                facts[prefix] = {"held_s": state.held_s, "size_bytes": state.size_bytes}
        except REDIS_ERRORS:
            return
        self._beats.facts["streams"] = facts

    def make_room(self) -> bool:
        """
        Remove the oldest part of each stream.

        Of the last minutes only what is recorded goes, where no stream holds anything older.

        Returns:
            Whether there was any.
        """
        try:
            states = {prefix: self._state(prefix) for prefix in self._max_entries}
            removed = [self._remove_old(*each) for each in states.items()]
            if not any(removed):
                removed = [self._remove_recorded(*each) for each in states.items()]
        except REDIS_ERRORS:
            return False
        return any(removed)

    def _remove_old(self, prefix: str, state: StreamState) -> bool:
        stream = redis_keys.envelopes_stream(prefix)
        return self._trim(prefix, state, self._limits.room(stream, state))

    def _remove_recorded(self, prefix: str, state: StreamState) -> bool:
        stream = redis_keys.envelopes_stream(prefix)
        return self._trim(prefix, state, self._limits.recorded_room(stream, state))

    def _trim(self, prefix: str, state: StreamState, command: Command | None) -> bool:
        if command is None:
            return False
        (removed,) = self._run([command])
        if not isinstance(removed, int) or not removed:
            return False
        self._beats.count("stream_made_room")
        log.warning(
            "Redis is full: the oldest of the stream was removed",
            extra={"camera": prefix, "entries": removed, "held_s": round(state.held_s)},
        )
        return True

    def _state(self, prefix: str) -> StreamState:
        return StreamState.parse(self._run(questions(redis_keys.envelopes_stream(prefix))))

    def _run(self, commands: Sequence[Command]) -> list[Any]:
        """
        Run all; the answer to one that Redis refuses is its error.
        """
        pipe = self._client.pipeline(transaction=False)
        for command in commands:
            pipe.execute_command(*command)  # type: ignore[no-untyped-call]
        return list(pipe.execute(raise_on_error=False))
