"""Redis: publishes on the vendor's channels, and keeps every envelope in a capped stream."""

import contextlib
import logging
from collections.abc import Sequence
from typing import Self

import redis.asyncio
from redis.exceptions import RedisError

from services.physiology_server.envelopes import Numbered
from services.physiology_server.publishing.backend import refuse_unknown
from services.physiology_server.publishing.backends.redis.lease import Lease
from services.physiology_server.publishing.backends.redis.redis_config import (
    SHORTEST_ARRAY,
    RedisConfig,
)
from services.physiology_server.publishing.backends.redis.stream_keeper import StreamKeeper
from smartspectra.ipc.wire.channels import FRAME, RECORDING_STATE, Channels
from vitalrig import redis_keys
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import Unavailable
from vitalrig.redis_client import REDIS_ERRORS, connect_async, describe_error, refusal
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.stream_limits import MOST_ROOM_MADE, Limits
from vitalrig.unkept import Unkept, unkept_channel

log = logging.getLogger(__name__)


class RedisBackend:
    """
    One round trip per batch: for each envelope PUBLISH, and XADD to `{prefix}:envelopes`.

    Pub/sub drops what is published while a subscriber is away; the stream is there for those
    who must not miss anything. A subscriber that comes late finds the last recording state in
    a key of its own. Pictures are published only: they would fill Redis.

    A batch is one transaction: what Redis refuses it refuses whole, so that nothing is published
    twice and the stream keeps its order. A Redis that is full gets room from the oldest part of
    the stream.

    Args:
        client: Redis.
        prefix: Key prefix, which names the camera.
        run_id: Identifies this run of the server in the stream.
        stream_limits: How much the stream holds; no entries at all write no stream.
        beats: Where the counter `pictures_too_large` and the stream's facts go.
        config: Where limits of sizes, and what is logged, are taken from.
        lease: Held while something is sent; None to send without.
        clock: What tells when the stream was looked at.
    """

    def __init__(
        self,
        client: redis.asyncio.Redis,
        prefix: str,
        run_id: str,
        stream_limits: Limits,
        beats: ServiceHeartbeats | None = None,
        config: RedisConfig | None = None,
        lease: Lease | None = None,
        clock: Clock | None = None,
    ) -> None:
        config = config or RedisConfig()
        self._client = client
        self._channels = Channels(prefix)
        self._run_id = run_id
        self._last_recording_state = redis_keys.last_recording_state(prefix)
        self._stream = redis_keys.envelopes_stream(prefix)
        self._unkept = unkept_channel(prefix)
        self._refuses = False
        self._beats = beats or ServiceHeartbeats("redis_ipc")
        self._beats.count("pictures_too_large", 0)
        self._keeper = (
            StreamKeeper(client, prefix, stream_limits, self._beats, clock or SystemClock())
            if stream_limits.max_entries
            else None
        )
        self._largest_bytes = config.max_bulk_string_bytes
        self._at_once = config.max_array_elements // SHORTEST_ARRAY
        self._say = log.info if config.enable_debug_logging else log.debug
        self.lease = lease

    @classmethod
    def of(
        cls,
        config: RedisConfig,
        run_id: str,
        stream_limits: Limits,
        beats: ServiceHeartbeats | None = None,
        lease: Lease | None = None,
    ) -> Self:
        """
        Make a backend with a connection of its own, as *config* has it.
        """
        client = connect_async(config.address)
        return cls(client, config.key_prefix, run_id, stream_limits, beats, config, lease)

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Publish and keep all of *batch*.

        Raises:
            Unavailable: If Redis is away, hung, full or refuses.
            BadMessage: If an envelope is for no channel.
            CannotGoOn: If another server has taken the prefix.
        """
        refuse_unknown(batch)
        sendable = [numbered for numbered in batch if not self._too_large(numbered)]
        try:
            for first in range(0, len(sendable), self._at_once):
                await self._send_with_room(sendable[first : first + self._at_once])
        except REDIS_ERRORS as exc:
            self._refuses = refusal(exc) is not None
            raise Unavailable(describe_error(exc)) from exc
        if self._keeper is not None:
            with contextlib.suppress(*REDIS_ERRORS):  # what was sent was sent
                await self._keeper.look()
        self._say("batch sent", extra={"envelopes": len(sendable)})

    async def _send_with_room(self, part: Sequence[Numbered]) -> None:
        """
        Send, and make room where Redis is full.
        """
        for made in range(MOST_ROOM_MADE + 1):
            try:
                if self.lease is not None:
                    await self.lease.hold()
                await self._send(part)
            except RedisError as exc:
                full = refusal(exc) == "oom" and made < MOST_ROOM_MADE
                if not (full and self._keeper is not None and await self._keeper.make_room()):
                    raise
            else:
                return

    async def _send(self, part: Sequence[Numbered]) -> None:
        pipe = self._client.pipeline(transaction=True)
        for numbered in part:
            channel, envelope = numbered.outgoing.channel, numbered.outgoing.envelope
            pipe.execute_command("PUBLISH", self._channels.of(channel), envelope)
            if channel == FRAME:
                continue
            if self._keeper is not None:
                pipe.execute_command(
                    "XADD", self._stream, "MAXLEN", "~", self._keeper.max_entries, "*",
                    redis_keys.FIELD_CHANNEL, channel,
                    redis_keys.FIELD_ENVELOPE, envelope,
                    redis_keys.FIELD_RUN, numbered.run or self._run_id,
                    redis_keys.FIELD_SEQ, numbered.seq,
                    *((redis_keys.FIELD_FOLLOWS, numbered.follows) if numbered.follows else ()),
                )  # fmt: skip
            if channel == RECORDING_STATE:
                pipe.execute_command("SET", self._last_recording_state, envelope)
        await pipe.execute()

    def _too_large(self, numbered: Numbered) -> bool:
        outgoing = numbered.outgoing
        if outgoing.channel != FRAME or len(outgoing.envelope) <= self._largest_bytes:
            return False
        self._beats.count("pictures_too_large")
        log.debug("picture left out", extra={"bytes": len(outgoing.envelope)})
        return True

    async def show(self, newest: Sequence[Numbered]) -> None:
        """
        Publish what a Redis that refuses to keep it does not refuse to publish.
        """
        if not self._refuses:
            return
        pipe = self._client.pipeline(transaction=False)
        for each in newest:
            outgoing = each.outgoing
            unkept = Unkept(outgoing.channel, each.run or self._run_id, each.seq, outgoing.envelope)
            pipe.execute_command("PUBLISH", self._unkept, unkept.packed())
        with contextlib.suppress(*REDIS_ERRORS):
            await pipe.execute()

    async def close(self) -> None:
        """
        Close the connection.
        """
        await self._client.aclose()
