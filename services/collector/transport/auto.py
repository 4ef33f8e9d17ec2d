"""The stream where there is one, pub/sub where a server only publishes."""

import logging
from collections.abc import Mapping, Sequence

import redis

from services.collector.session_folder import SessionFolder
from services.collector.transport.base import WAIT_S, ReceivedEnvelope
from services.collector.transport.entry_ids import BEFORE_ALL
from services.collector.transport.pubsub import PubSubTransport
from services.collector.transport.resume_points import LastRead
from services.collector.transport.stream import StreamTransport
from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable
from vitalrig.redis_client import REDIS_ERRORS, describe_error

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
"""A server that keeps a stream has written to it by then."""

DECIDE_EVERY_S = 0.1
"""How often is looked whether there is a stream now."""


class AutoTransport:
    """
    Listens to each prefix until it is clear how its server speaks.

    If there is a stream, or one appears with what is heard, the prefix is read from the stream
    and what was heard is dropped, since the stream has it too; one that appeared is read from
    its beginning. If there is none two seconds
    after the first message, the prefix stays on pub/sub until the next start.

    Args:
        client: Redis.
        last_read: For each prefix what was read last; where nothing was, a fitting start is found.
        clock: What tells the time.
        folders: What is in files already, by prefix.
    """

    def __init__(
        self,
        client: redis.Redis,
        last_read: Mapping[str, LastRead],
        clock: Clock,
        folders: Mapping[str, SessionFolder] | None = None,
    ) -> None:
        self._client = client
        self._last_read = dict(last_read)
        self._clock = clock
        self._stream = StreamTransport(client, {}, clock.monotonic_s, folders)
        self._pubsub = PubSubTransport(client, list(last_read), clock.monotonic_s)
        self._held: dict[str, list[ReceivedEnvelope]] = {prefix: [] for prefix in last_read}
        self._heard_at_s: dict[str, float] = {}
        self._without_stream: set[str] = set()
        self._have_stream: set[str] = set()
        self._ready: list[ReceivedEnvelope] = []
        self._decide_at_s = float("-inf")

    def read(self) -> Sequence[ReceivedEnvelope]:
        """
        Give what came, in the order of each prefix.

        Raises:
            Unavailable: If Redis is away.
        """
        if self._held:
            self._decide()
        for arrival in self._pubsub.read(0 if self._have_stream else WAIT_S):
            if arrival.prefix in self._held:
                if not arrival.is_replayed_state:
                    self._heard_at_s.setdefault(arrival.prefix, self._clock.monotonic_s())
                self._held[arrival.prefix].append(arrival)
            else:
                self._ready.append(arrival)
        if self._have_stream:
            self._ready += self._stream.read()
        arrivals, self._ready = self._ready, []  # not lost if Redis went away before
        return arrivals

    def at_end_s(self, prefix: str) -> float:
        """
        Tell when all was read that there was for *prefix*; long ago if it never was.
        """
        transport = self._stream if prefix in self._have_stream else self._pubsub
        return transport.at_end_s(prefix)

    def rewind(self, prefix: str, after: str) -> None:
        """
        Give what came for *prefix* behind the stream's entry *after* once more.
        """
        self._stream.rewind(prefix, after)

    def _decide(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s < self._decide_at_s:
            return
        self._decide_at_s = now_s + DECIDE_EVERY_S
        for prefix, has_stream in zip(list(self._held), self._have_streams(), strict=True):
            if has_stream:
                self._pubsub.drop(prefix)
                new = prefix in self._without_stream
                self._stream.add(prefix, LastRead(BEFORE_ALL) if new else self._last_read[prefix])
                self._have_stream.add(prefix)
                log.info("reading the stream", extra={"camera": prefix})
            elif now_s - self._heard_at_s.get(prefix, now_s) >= PATIENCE_S:
                self._ready += self._held[prefix]
                log.info("listening to pub/sub: there is no stream", extra={"camera": prefix})
            else:
                self._without_stream.add(prefix)
                continue
            del self._held[prefix]

    def _have_streams(self) -> list[bool]:
        pipe = self._client.pipeline(transaction=False)
        for prefix in self._held:
            pipe.exists(redis_keys.envelopes_stream(prefix))
        try:
            return [bool(answer) for answer in pipe.execute()]
        except REDIS_ERRORS as exc:
            raise Unavailable(describe_error(exc)) from exc
