"""Pub/sub, for servers that only publish: what is missed is gone, and is told."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import redis

from services.collector.transport.base import BATCH, BATCH_BYTES, WAIT_S, ReceivedEnvelope
from services.collector.transport.continuity import Continuity
from services.collector.transport.last_state import read_last_state
from smartspectra.ipc.wire.channels import (
    CORE_METRICS,
    EDGE_METRICS,
    RECORDING_STATE,
    STATUS,
    Channels,
)
from vitalrig.errors import Unavailable
from vitalrig.redis_client import OPERATION_TIMEOUT_S, REDIS_ERRORS, describe_error

RECORDED = (CORE_METRICS, EDGE_METRICS, STATUS, RECORDING_STATE)
GAP = "not subscribed for a while"
CONFIRMED_WITHIN_S = OPERATION_TIMEOUT_S


class PubSubTransport:
    """
    Listens to the channels of all prefixes.

    What is published while it is away is not heard. The first envelope of each prefix after an
    absence, and after the start, says so and for how long, where that is known; before it comes
    the last recording state, where the server keeps that. One before which the server's stamps
    have a hole says that.

    Args:
        client: Redis.
        prefixes: Whom to listen to.
        clock_s: Seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        client: redis.Redis,
        prefixes: Sequence[str],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._clock_s = clock_s
        self._channels = {
            Channels(prefix).of(channel).encode(): (prefix, channel)
            for prefix in prefixes
            for channel in RECORDED
        }
        self._pubsub: Any = None
        self._was_away = set(prefixes)
        self._continuity = {prefix: Continuity() for prefix in prefixes}
        self._listened_at_s: float | None = None
        self._gap_s = 0.0

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
            except REDIS_ERRORS as exc:
                raise self._away(exc) from exc

    def read(self, wait_s: float = WAIT_S) -> Sequence[ReceivedEnvelope]:
        """
        Give what came, at most a thousand at once or a few megabytes; wait *wait_s* for the first.

        Raises:
            Unavailable: If Redis is away.
        """
        if not self._channels:
            return []
        try:
            return [*self._subscribe(), *self._listen(wait_s)]
        except REDIS_ERRORS as exc:
            raise self._away(exc) from exc

    def at_end_s(self, prefix: str) -> float:  # noqa: ARG002  all have one connection
        """
        Tell when all was read that there was.
        """
        return float("-inf") if self._listened_at_s is None else self._listened_at_s

    def subscribe(self) -> Sequence[ReceivedEnvelope]:
        """
        Subscribe if need be, and give what was said last, then what came meanwhile.

        Raises:
            Unavailable: If Redis is away.
        """
        try:
            return self._subscribe()
        except REDIS_ERRORS as exc:
            raise self._away(exc) from exc

    def _subscribe(self) -> list[ReceivedEnvelope]:
        if self._pubsub is not None or not self._channels:
            return []
        self._pubsub = self._client.pubsub()  # type: ignore[no-untyped-call]
        self._pubsub.subscribe(*self._channels)
        if self._listened_at_s is not None:
            self._gap_s = self._clock_s() - self._listened_at_s
        early: list[ReceivedEnvelope] = []
        unconfirmed = len(self._channels)
        while unconfirmed:
            # Once Redis has confirmed, nothing is missed between the key and the channels.
            message = self._pubsub.get_message(timeout=CONFIRMED_WITHIN_S)
            if message is None:
                raise TimeoutError("no answer to SUBSCRIBE")
            if message["type"] == "message":
                early += self._arrival(message["channel"], message["data"])
            else:
                unconfirmed -= 1
        heard = {arrival.prefix for arrival in early if arrival.channel == RECORDING_STATE}
        prefixes = {prefix for prefix, _ in self._channels.values()}
        recalled = [read_last_state(self._client, prefix) for prefix in sorted(prefixes - heard)]
        return [arrival for arrivals in recalled for arrival in arrivals] + early

    def _listen(self, wait_s: float) -> list[ReceivedEnvelope]:
        arrivals: list[ReceivedEnvelope] = []
        size_bytes = 0
        while len(arrivals) < BATCH and size_bytes < BATCH_BYTES:
            try:
                message = self._pubsub.get_message(timeout=wait_s)
            except REDIS_ERRORS as exc:
                if not arrivals:
                    raise
                self._away(exc)  # what was heard before is not lost with it
                break
            self._listened_at_s = self._clock_s()
            if message is not None:
                if message["type"] == "message":
                    arrivals += self._arrival(message["channel"], message["data"])
                    size_bytes += len(message["data"])
            elif arrivals or wait_s == 0:
                break
            wait_s = 0
        return arrivals

    def _arrival(self, name: bytes, envelope: bytes) -> list[ReceivedEnvelope]:
        if name not in self._channels:
            return []
        prefix, channel = self._channels[name]
        arrival = ReceivedEnvelope(prefix, channel, envelope)
        if prefix in self._was_away:
            self._was_away.discard(prefix)
            self._continuity[prefix] = Continuity()
            arrival = replace(arrival, gap=GAP, gap_s=self._gap_s)
        why, within_s = self._continuity[prefix].look(arrival)
        if why and not arrival.gap:
            arrival = replace(arrival, gap=why, gap_s=within_s)
        return [arrival]

    def rewind(self, prefix: str, after: str) -> None:
        """
        Do nothing: what was published is gone, and none of it has an entry's id.
        """

    def _away(self, error: BaseException) -> Unavailable:
        if self._pubsub is not None:
            self._pubsub.close()
            self._pubsub = None
            self._was_away = {prefix for prefix, _ in self._channels.values()}
        return Unavailable(describe_error(error))
