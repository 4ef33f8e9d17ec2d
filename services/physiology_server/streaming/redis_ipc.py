"""Redis: publishes on the vendor's channels, and keeps every envelope in a capped stream."""

import logging
from collections.abc import Sequence

import redis.asyncio

from services.physiology_server.outbox import Numbered
from smartspectra.ipc.channels import RECORDING_STATE, Channels
from vitalrig import keys
from vitalrig.bus import AWAY, explain
from vitalrig.errors import Unavailable

log = logging.getLogger(__name__)


class RedisBackend:
    """
    One round trip per batch: for each envelope PUBLISH, and XADD to `{prefix}:envelopes`.

    Pub/sub drops what is published while a subscriber is away; the stream is there for those
    who must not miss anything. A subscriber that comes late finds the last recording state in
    a key of its own.

    Args:
        client: Redis.
        prefix: Key prefix, which names the camera.
        run_id: Identifies this run of the server in the stream.
        stream_max_entries: About how many entries the stream keeps; 0 writes no stream.
    """

    def __init__(
        self, client: redis.asyncio.Redis, prefix: str, run_id: str, stream_max_entries: int
    ) -> None:
        self._client = client
        self._channels = Channels(prefix)
        self._run_id = run_id
        self._stream_max_entries = stream_max_entries
        self._last_recording_state = keys.last_recording_state(prefix)
        self._stream = keys.envelopes_stream(prefix)

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Publish and keep all of *batch*.

        Raises:
            Unavailable: If Redis is away, hung, full or refuses.
        """
        pipe = self._client.pipeline(transaction=False)
        for numbered in batch:
            channel, envelope = numbered.outgoing.channel, numbered.outgoing.envelope
            pipe.publish(self._channels.of(channel), envelope)
            if self._stream_max_entries:
                pipe.xadd(
                    self._stream,
                    {
                        keys.FIELD_CHANNEL: channel,
                        keys.FIELD_ENVELOPE: envelope,
                        keys.FIELD_RUN: self._run_id,
                        keys.FIELD_SEQ: numbered.seq,
                    },
                    maxlen=self._stream_max_entries,
                    approximate=True,
                )
            if channel == RECORDING_STATE:
                pipe.set(self._last_recording_state, envelope)
        try:
            await pipe.execute()
        except AWAY as exc:
            raise Unavailable(explain(exc)) from exc

    async def close(self) -> None:
        """
        Close the connection.
        """
        await self._client.aclose()
