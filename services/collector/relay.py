"""
`python -m services.collector.relay`: a stream for a server that only publishes.

It hears what is published for each prefix and adds it to the prefix's stream, numbered, as our
own server does. The collector then reads the stream, so that its own restarts lose nothing. The
relay itself does nearly nothing, so there is little reason to restart it.
"""

import contextlib
import logging
import secrets
import sys
import threading
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

import redis
from pydantic import Field
from redis.client import Pipeline

from services.collector.relay_streams import RelayStreams
from services.collector.transport.base import BATCH, BATCH_BYTES, WAIT_S, ReceivedEnvelope
from services.collector.transport.entry_ids import order_of
from services.collector.transport.pubsub import GAP, PubSubTransport
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope
from vitalrig import redis_keys
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import Unavailable
from vitalrig.event_outlets import open_events
from vitalrig.events import Emitter
from vitalrig.heartbeat_publisher import HeartbeatPublisher
from vitalrig.redis_client import REDIS_ERRORS, RedisAddress, connect, describe_error, refusal
from vitalrig.reported_outage import ReportedOutage
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.serve import serve
from vitalrig.service.service_settings import Names, ServiceSettings, for_service
from vitalrig.service.watchdog import Watchdog
from vitalrig.stream_limits import MOST_ROOM_MADE, Limits
from vitalrig.unkept import NEWEST, Unkept, unkept_channel

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 0.5
"""Until it listens again: what is published before nobody hears."""

MAX_WAITING = 20_000
FINISH_WITHIN_S = 2.0
LOOK_BACK = 100
"""So many of a stream's newest entries are compared with the last recording state."""


class RelaySettings(ServiceSettings):
    """The relay from pub/sub to the durable stream, for a server that only publishes."""

    model_config = for_service("relay")

    prefixes: Names = Field((DEFAULT_PREFIX,), description="key prefixes to relay")
    stream_max_entries: int = Field(60_000, gt=0, description="envelopes that a stream keeps")
    stream_max_mib: int = Field(
        64, ge=0, description="about the memory that a stream takes in Redis; 0: no limit"
    )
    stream_max_age_s: float = Field(
        0.0, ge=0, description="seconds that a stream keeps an envelope; 0: no limit"
    )
    stream_least_s: float = Field(
        300.0,
        ge=0,
        description="seconds of a stream kept when Redis is full, but for what is recorded",
    )


class Relay:
    """
    Adds what it hears to streams.

    What could not be added is kept and added later, in order; what is too much to keep leaves a
    hole in the numbers. The first entry of each prefix, and the first after an absence of Redis,
    says that something before it may be missing, and for how long the relay did not listen. A
    relay that is stopped adds first what it has heard. The start or the stop of a recording that
    was said meanwhile is added where Redis keeps it as the last state.

    Args:
        client: Redis.
        prefixes: Whom to listen to.
        limits: How much each stream holds.
        beats: Where heartbeats go.
        watchdog: Told that the loop turns.
        clock: What tells the time.
        events: What it says its events with.
    """

    def __init__(
        self,
        client: redis.Redis,
        prefixes: Sequence[str],
        limits: Limits,
        beats: ServiceHeartbeats,
        watchdog: Watchdog,
        clock: Clock,
        events: Emitter,
    ) -> None:
        self.events = events
        self._client = client
        self._transport = PubSubTransport(client, prefixes, clock.monotonic_s)
        self._streams = RelayStreams(client, prefixes, limits, beats, clock)
        self.beats = beats
        self._watchdog = watchdog
        self._clock = clock
        self._run = f"{redis_keys.RELAY_RUN}{secrets.token_hex(8)}"
        self._seqs = dict.fromkeys(prefixes, 0)
        self._silent_s: dict[str, float] = {}
        self._arrived: list[ReceivedEnvelope] = []
        self._waiting: list[ReceivedEnvelope] = []
        self._refused: set[str] = set()
        self._relayed = beats.step("envelopes_relayed")
        self._publisher = HeartbeatPublisher(client, beats, clock)
        self._outage = ReportedOutage("Redis", beats, clock, LONGEST_WAIT_S)

    def run(self, stop: threading.Event) -> None:
        """
        Relay until *stop* is set, then add what was heard.
        """
        self._watchdog.health.ready()
        log.info("relay ready", extra={"prefixes": list(self._seqs)})
        while not stop.is_set():
            self._watchdog.beat()
            try:
                self._relay(WAIT_S)
                self._outage.end()
            except Unavailable as exc:
                self._outage.fail(str(exc), waiting=len(self._waiting))
                stop.wait(self._outage.left_s)
            self._watchdog.health.set("redis", self._outage.why)
            with contextlib.suppress(Unavailable):
                self._publisher.publish_if_due()
        self._finish()

    def _finish(self) -> None:
        until_s = self._clock.monotonic_s() + FINISH_WITHIN_S
        try:
            while self._relay(0) and self._clock.monotonic_s() < until_s:
                pass
        except Unavailable as exc:
            log.error("not relayed", extra={"envelopes": len(self._waiting), "why": str(exc)})

    def _relay(self, wait_s: float) -> bool:
        """Hear something and add it; tells whether something was heard."""
        if not self._silent_s:
            self._arrived += self._transport.subscribe()
            self._silent_s = self._look_at_streams()
            log.warning(
                "listening; what was published before was not heard",
                extra={"nothing_heard_for_s": self._silent_s},
            )
        self._arrived += self._transport.read(wait_s)
        heard = self._number()
        self._add_all()
        self._streams.look()
        return heard

    def _number(self) -> bool:
        """Number what was heard, and a state that nobody heard: else no stream would tell of it."""
        arrived, self._arrived = self._arrived, []
        # What Redis keeps may have been said after we began to listen, and is heard then.
        said = {each.envelope for each in arrived if not each.is_replayed_state}
        heard = [
            each
            for each in arrived
            if not each.is_replayed_state or (each.envelope not in said and self._is_unheard(each))
        ]
        for arrival in heard:
            self._seqs[arrival.prefix] += 1
            gap = arrival.gap or (GAP if arrival.is_replayed_state else "")
            self._waiting.append(replace(arrival, seq=self._seqs[arrival.prefix], gap=gap))
        self._waiting = self._waiting[-MAX_WAITING:]
        return bool(heard)

    def _is_unheard(self, state: ReceivedEnvelope) -> bool:
        """
        Tell whether *state*, which Redis keeps, was said after all that the stream holds.
        """
        if any(state.envelope == waiting.envelope for waiting in self._waiting):
            return False
        try:
            newest: Any = self._client.xrevrange(
                redis_keys.envelopes_stream(state.prefix), count=LOOK_BACK
            )
        except REDIS_ERRORS:
            return False  # what was heard with it must not be lost; Redis is asked again
        envelopes = [fields.get(redis_keys.FIELD_ENVELOPE.encode(), b"") for _, fields in newest]
        # A stream that holds nothing yet tells whoever reads it to ask for the last state.
        if not envelopes or state.envelope in envelopes:
            return False
        return _stamp_us(state.envelope) > max(_stamp_us(each) for each in envelopes)

    def _look_at_streams(self) -> dict[str, float]:
        """
        Tell for how long nobody has added to each stream, in seconds; 0 where there is none.

        Raises:
            Unavailable: If Redis is away.
        """
        pipe = self._client.pipeline(transaction=False)
        pipe.time()
        for prefix in self._seqs:
            pipe.xrevrange(redis_keys.envelopes_stream(prefix), count=1)
        try:
            time, *newest = pipe.execute(raise_on_error=False)
        except REDIS_ERRORS as exc:
            raise Unavailable(describe_error(exc)) from exc
        if isinstance(time, Exception):
            return dict.fromkeys(self._seqs, 0.0)
        seconds, microseconds = time
        now_ms = seconds * 1_000 + microseconds // 1_000
        silent_s = {}
        for prefix, entries in zip(self._seqs, newest, strict=True):
            is_there = entries and not isinstance(entries, Exception)
            last_ms = order_of(entries[0][0].decode())[0] if is_there else now_ms
            silent_s[prefix] = max(0, now_ms - last_ms) / 1_000
        return silent_s

    def _add_all(self) -> None:
        """
        Add what waits. What Redis refuses for one prefix goes on waiting and holds up no other.

        Raises:
            Unavailable: If Redis is away; what was not added goes on waiting.
        """
        refused: dict[str, str] = {}
        kept: list[ReceivedEnvelope] = []
        try:
            while self._waiting:
                some = _portion(self._waiting)
                for arrival, answer in zip(some, self._add(some, but=refused), strict=True):
                    if isinstance(answer, Exception):
                        refused.setdefault(arrival.prefix, str(answer))
                    if arrival.prefix in refused:
                        kept.append(arrival)
                self._waiting = self._waiting[len(some) :]
        finally:
            self._waiting = kept + self._waiting
        for prefix, why in refused.items():
            if prefix not in self._refused:
                log.error("a stream is refused", extra={"camera": prefix, "why": why})
        self._refused = set(refused)

    def _add(self, some: Sequence[ReceivedEnvelope], but: Collection[str]) -> list[Any]:
        began_s = self._clock.monotonic_s()
        added = [arrival for arrival in some if arrival.prefix not in but]
        pipe = self._client.pipeline(transaction=True)
        for arrival in added:
            pipe.xadd(
                redis_keys.envelopes_stream(arrival.prefix),
                self._entry(arrival),  # type: ignore[arg-type]
                maxlen=self._streams.max_entries(arrival.prefix),
                approximate=True,
            )
        try:
            answers = iter(self._execute(pipe))
        except REDIS_ERRORS as exc:
            if refusal(exc) is not None:
                self._show_newest()
            raise Unavailable(describe_error(exc)) from exc
        busy_s = self._clock.monotonic_s() - began_s
        for arrival in added:
            self._relayed.beat(busy_s / len(added), len(arrival.envelope))
        return [None if arrival.prefix in but else next(answers) for arrival in some]

    def _show_newest(self) -> None:
        """
        Let those who only watch see what a Redis that answers refuses to keep.
        """
        pipe = self._client.pipeline(transaction=False)
        for prefix in self._seqs:
            own = [arrival for arrival in self._waiting if arrival.prefix == prefix]
            for arrival in own[-NEWEST:]:
                unkept = Unkept(arrival.channel, self._run, arrival.seq, arrival.envelope)
                pipe.publish(unkept_channel(prefix), unkept.packed())
        with contextlib.suppress(*REDIS_ERRORS):
            pipe.execute()

    def _execute(self, pipe: Pipeline) -> list[Any]:
        """Run a transaction; a Redis that is full gets room, and the transaction once more."""
        commands = list(pipe.command_stack)
        for _ in range(MOST_ROOM_MADE):
            try:
                return list(pipe.execute(raise_on_error=False))
            except REDIS_ERRORS as exc:
                if refusal(exc) != "oom" or not self._streams.make_room():
                    raise
            pipe.command_stack = list(commands)
        return list(pipe.execute(raise_on_error=False))

    def _entry(self, arrival: ReceivedEnvelope) -> dict[str, str | bytes | int]:
        entry: dict[str, str | bytes | int] = {
            redis_keys.FIELD_CHANNEL: arrival.channel,
            redis_keys.FIELD_ENVELOPE: arrival.envelope,
            redis_keys.FIELD_RUN: self._run,
            redis_keys.FIELD_SEQ: arrival.seq,
        }
        if arrival.gap:
            gap_s = arrival.gap_s or self._silent_s.get(arrival.prefix, 0.0)
            entry |= {
                redis_keys.FIELD_GAP: arrival.gap,
                redis_keys.FIELD_GAP_MS: round(gap_s * 1_000),
            }
        return entry


def _portion(waiting: Sequence[ReceivedEnvelope]) -> Sequence[ReceivedEnvelope]:
    """The first of them: Redis holds a whole transaction in its memory, beside the stream."""
    sizes = accumulate(len(arrival.envelope) for arrival in waiting[:BATCH])
    return waiting[: max(1, sum(size <= BATCH_BYTES for size in sizes))]


def _stamp_us(envelope: bytes) -> int:
    try:
        return Envelope.parse(envelope).timestamp_us or 0
    except BadEnvelope:
        return 0


def build(settings: RelaySettings, watchdog: Watchdog) -> Relay:
    """
    Join the parts.
    """
    clock = SystemClock()
    beats = ServiceHeartbeats("relay", clock=clock)
    return Relay(
        connect(RedisAddress.of(settings)),
        settings.prefixes,
        Limits(
            settings.stream_max_entries,
            settings.stream_max_mib << 20,
            settings.stream_max_age_s,
            settings.stream_least_s,
        ),
        beats,
        watchdog,
        clock,
        open_events(settings, beats, clock),
    )


def main(argv: Sequence[str]) -> int:
    """
    Serve until told to stop.

    Returns:
        The exit status.
    """
    return serve(RelaySettings, build, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
