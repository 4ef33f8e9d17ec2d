"""Redis: publishes on the vendor's channels, and keeps every envelope in a capped stream."""

import logging
from collections.abc import Sequence
from typing import Self

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.physiology_server.outbox import Numbered
from services.physiology_server.streaming.base import refuse_unknown
from services.physiology_server.streaming.redis_config import SHORTEST_ARRAY, RedisConfig
from smartspectra.ipc.channels import FRAME, RECORDING_STATE, Channels
from vitalrig import keys
from vitalrig.beats import Beats
from vitalrig.bus import AWAY, explain
from vitalrig.errors import Unavailable

log = logging.getLogger(__name__)


class RedisBackend:
    """
    One round trip per batch: for each envelope PUBLISH, and XADD to `{prefix}:envelopes`.

    Pub/sub drops what is published while a subscriber is away; the stream is there for those
    who must not miss anything. A subscriber that comes late finds the last recording state in
    a key of its own. Pictures are published only: they would fill Redis.

    Args:
        client: Redis.
        prefix: Key prefix, which names the camera.
        run_id: Identifies this run of the server in the stream.
        stream_max_entries: About how many entries the stream keeps; 0 writes no stream.
        beats: Where the counter `pictures_too_large` goes.
        limits: Where limits of sizes, and what is logged, are taken from.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        prefix: str,
        run_id: str,
        stream_max_entries: int,
        beats: Beats | None = None,
        limits: RedisConfig | None = None,
    ) -> None:
        limits = limits or RedisConfig()
        self._client = client
        self._channels = Channels(prefix)
        self._run_id = run_id
        self._stream_max_entries = stream_max_entries
        self._last_recording_state = keys.last_recording_state(prefix)
        self._stream = keys.envelopes_stream(prefix)
        self._beats = beats or Beats("redis_ipc")
        self._beats.count("pictures_too_large", 0)
        self._largest_bytes = limits.max_bulk_string_bytes
        self._at_once = limits.max_array_elements // SHORTEST_ARRAY
        self._say = log.info if limits.enable_debug_logging else log.debug

    @classmethod
    def of(
        cls, config: RedisConfig, run_id: str, stream_max_entries: int, beats: Beats | None = None
    ) -> Self:
        """
        Make a backend with a connection of its own, as *config* has it.
        """
        client = connect(config)
        return cls(client, config.key_prefix, run_id, stream_max_entries, beats, config)

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Publish and keep all of *batch*.

        Raises:
            Unavailable: If Redis is away, hung, full or refuses.
            BadMessage: If an envelope is for no channel.
        """
        refuse_unknown(batch)
        sendable = [numbered for numbered in batch if not self._too_large(numbered)]
        for first in range(0, len(sendable), self._at_once):
            await self._send(sendable[first : first + self._at_once])
        self._say("batch sent", extra={"envelopes": len(sendable)})

    async def _send(self, part: Sequence[Numbered]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for numbered in part:
            channel, envelope = numbered.outgoing.channel, numbered.outgoing.envelope
            pipe.execute_command("PUBLISH", self._channels.of(channel), envelope)
            if channel == FRAME:
                continue
            if self._stream_max_entries:
                pipe.execute_command(
                    "XADD", self._stream, "MAXLEN", "~", self._stream_max_entries, "*",
                    keys.FIELD_CHANNEL, channel,
                    keys.FIELD_ENVELOPE, envelope,
                    keys.FIELD_RUN, self._run_id,
                    keys.FIELD_SEQ, numbered.seq,
                )  # fmt: skip
            if channel == RECORDING_STATE:
                pipe.execute_command("SET", self._last_recording_state, envelope)
        try:
            await pipe.execute()
        except AWAY as exc:
            raise Unavailable(explain(exc)) from exc

    def _too_large(self, numbered: Numbered) -> bool:
        outgoing = numbered.outgoing
        if outgoing.channel != FRAME or len(outgoing.envelope) <= self._largest_bytes:
            return False
        self._beats.count("pictures_too_large")
        log.debug("picture left out", extra={"bytes": len(outgoing.envelope)})
        return True

    async def close(self) -> None:
        """
        Close the connection.
        """
        await self._client.aclose()


def connect(config: RedisConfig) -> redis.asyncio.Redis:
    """
    Make a client. It connects when first used, and anew after every failure.

    As with `vitalrig.bus.connect_async`, the library's own retries are off.
    """
    return redis.asyncio.Redis(
        host=config.host,
        port=config.port,
        db=config.database,
        password=config.password or None,
        protocol=2,  # the shape of answers depends on it
        socket_connect_timeout=config.connection_timeout_ms / 1_000,
        socket_timeout=config.operation_timeout_ms / 1_000,
        retry=Retry(NoBackoff(), 0),
    )
