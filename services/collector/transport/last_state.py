"""What Redis keeps for those who come late: the last recording state of each prefix."""

from typing import Any

import redis
from redis.exceptions import ResponseError

from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.wire.channels import RECORDING_STATE
from vitalrig import redis_keys


def read_last_state(client: redis.Redis, prefix: str, entry_id: str = "") -> list[ReceivedEnvelope]:
    """
    Give the last recording state as an arrival; none where the server keeps none.

    Args:
        client: Redis.
        prefix: Whose.
        entry_id: The stream's entry after which reading goes on; empty with pub/sub.

    Raises:
        redis.RedisError: If Redis is away.
        OSError: If Redis is away.
    """
    try:
        envelope: Any = client.get(redis_keys.last_recording_state(prefix))
    except ResponseError as exc:
        if not str(exc).startswith("WRONGTYPE"):
            raise
        envelope = None  # somebody uses the key for something else
    if envelope is None:
        return []
    return [
        ReceivedEnvelope(
            prefix, RECORDING_STATE, envelope, entry_id=entry_id, is_replayed_state=True
        )
    ]
