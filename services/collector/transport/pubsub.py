"""Pub/sub, for servers that only publish: what is missed is gone, and is told."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import redis

from services.collector.transport.base import BATCH, WAIT_S, Arrival
from smartspectra.ipc.channels import (
    CORE_METRICS,
    EDGE_METRICS,
    RECORDING_STATE,
    STATUS,
    Channels,
)
from vitalrig.bus import AWAY, explain
from vitalrig.errors import Unavailable

RECORDED = (CORE_METRICS, EDGE_METRICS, STATUS, RECORDING_STATE)
GAP = "not subscribed for a while"


class PubSubTransport:
    """
    Listens to the channels of all prefixes.

    What is published while it is away is not heard. The first envelope of each prefix after an
    absence says so.

    Args:
        client: Redis.
        prefixes: Whom to listen to.
    """

    def __init__(self, client: redis.Redis, prefixes: Sequence[str]) -> None:
        self._client = client
        self._channels = {
            Channels(prefix).of(channel).encode(): (prefix, channel)
            for prefix in prefixes
            for channel in RECORDED
        }
        self._pubsub: Any = None
        self._was_away: set[str] = set()

    def drop(self, prefix: str) -> None:
        """
        Listen to *prefix* no longer.

        Raises:
            Unavailable: If Redis is away.
        """
        gone = [name for name, (whose, _) in self._channels.items() if whose == prefix]
        for name in gone:
            del self._channels[name]
        if self._pubsub is not None and gone:
            try:
                self._pubsub.unsubscribe(*gone)
            except AWAY as exc:
                raise self._away(exc) from exc

    def read(self) -> Sequence[Arrival]:
        """
        Give what came, at most a thousand at once.

        Raises:
            Unavailable: If Redis is away.
        """
        if not self._channels:
            return []
        try:
            if self._pubsub is None:
                self._pubsub = self._client.pubsub(  # type: ignore[no-untyped-call]
                    ignore_subscribe_messages=True
                )
                self._pubsub.subscribe(*self._channels)
            return self._listen()
        except AWAY as exc:
            raise self._away(exc) from exc

    def _listen(self) -> list[Arrival]:
        arrivals: list[Arrival] = []
        wait_s = WAIT_S
        while len(arrivals) < BATCH:
            message = self._pubsub.get_message(timeout=wait_s)
            if message is not None:
                arrivals += self._arrival(message["channel"], message["data"])
            elif arrivals or wait_s == 0:
                break
            wait_s = 0
        return arrivals

    def _arrival(self, name: bytes, envelope: bytes) -> list[Arrival]:
        if name not in self._channels:
            return []
        prefix, channel = self._channels[name]
        arrival = Arrival(prefix, channel, envelope)
        if prefix in self._was_away:
            self._was_away.discard(prefix)
            arrival = replace(arrival, gap=GAP)
        return [arrival]

    def _away(self, error: BaseException) -> Unavailable:
        if self._pubsub is not None:
            self._pubsub.close()
            self._pubsub = None
            self._was_away = {prefix for prefix, _ in self._channels.values()}
        return Unavailable(explain(error))
