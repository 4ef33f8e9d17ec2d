"""
`python -m services.collector.relay`: a stream for a server that only publishes.

It hears what is published for each prefix and adds it to the prefix's stream, numbered, as our
own server does. The collector then reads the stream, so that its own restarts lose nothing. The
relay itself does nearly nothing, so there is little reason to restart it.
"""

import contextlib
import json
import logging
import secrets
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace

import redis
from pydantic import Field

from services.collector.transport.base import Arrival
from services.collector.transport.pubsub import PubSubTransport
from vitalrig import keys
from vitalrig.beats import Beats
from vitalrig.bus import AWAY, connect, explain
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import Unavailable
from vitalrig.service import Pulse, serve
from vitalrig.settings import Names, ServiceSettings, for_service

log = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0
RETRY_S = 0.5
MAX_WAITING = 20_000


class RelaySettings(ServiceSettings):
    """The relay from pub/sub to the durable stream, for a server that only publishes."""

    model_config = for_service("relay")

    prefixes: Names = Field(("physiology",), description="key prefixes to relay")
    stream_max_entries: int = Field(60_000, gt=0, description="envelopes that the stream keeps")


class Relay:
    """
    Adds what it hears to streams.

    What could not be added is kept and added later, in order. After an absence of Redis the
    first entry of each prefix says that something before it may be missing.

    Args:
        client: Redis.
        prefixes: Whom to listen to.
        stream_max_entries: About how many entries a stream keeps.
        beats: Where heartbeats go.
        pulse: Told that the loop turns.
        clock: What tells the time.
    """

    def __init__(
        self,
        client: redis.Redis,
        prefixes: Sequence[str],
        stream_max_entries: int,
        beats: Beats,
        pulse: Pulse,
        clock: Clock,
    ) -> None:
        self._client = client
        self._transport = PubSubTransport(client, prefixes)
        self._stream_max_entries = stream_max_entries
        self.beats = beats
        self._pulse = pulse
        self._clock = clock
        self._run = f"relay-{secrets.token_hex(8)}"
        self._seqs = dict.fromkeys(prefixes, 0)
        self._waiting: list[Arrival] = []
        self._relayed = beats.step("envelopes_relayed")
        self._reported_at_s = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """
        Relay until *stop* is set.
        """
        self._pulse.health.ready()
        log.info("relay ready", extra={"prefixes": list(self._seqs)})
        while not stop.is_set():
            self._pulse.beat()
            try:
                # Only what was heard is relayed; who reads the stream recalls by itself.
                self._waiting += [each for each in self._transport.read() if not each.recalled]
                self._forget_the_oldest()
                self._add()
                self._pulse.health.ok("redis")
            except Unavailable as exc:
                self._pulse.health.fail("redis", str(exc))
                stop.wait(RETRY_S)
            self._report()

    def _forget_the_oldest(self) -> None:
        """
        Bound the memory while Redis speaks but takes nothing, and say so in the stream.
        """
        too_many = len(self._waiting) - MAX_WAITING
        if too_many > 0:
            self._waiting = self._waiting[too_many:]
            self._waiting[0] = replace(self._waiting[0], gap="the relay could not keep all")

    def _add(self) -> None:
        if not self._waiting:
            return
        began_s = self._clock.monotonic_s()
        seqs = dict(self._seqs)
        pipe = self._client.pipeline(transaction=True)
        for arrival in self._waiting:
            seqs[arrival.prefix] += 1
            pipe.xadd(
                keys.envelopes_stream(arrival.prefix),
                {
                    keys.FIELD_CHANNEL: arrival.channel,
                    keys.FIELD_ENVELOPE: arrival.envelope,
                    keys.FIELD_RUN: self._run,
                    keys.FIELD_SEQ: seqs[arrival.prefix],
                    **({keys.FIELD_GAP: arrival.gap} if arrival.gap else {}),
                },
                maxlen=self._stream_max_entries,
                approximate=True,
            )
        try:
            pipe.execute()
        except AWAY as exc:
            raise Unavailable(explain(exc)) from exc
        self._seqs = seqs
        busy_s = self._clock.monotonic_s() - began_s
        for arrival in self._waiting:
            self._relayed.beat(busy_s / len(self._waiting), len(arrival.envelope))
        self._waiting = []

    def _report(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._reported_at_s >= REPORT_EVERY_S:
            self._reported_at_s = now_s
            with contextlib.suppress(*AWAY):
                report = json.dumps(self.beats.report())
                self._client.publish(f"{keys.HEARTBEATS}{self.beats.key}", report)


def build(settings: RelaySettings, pulse: Pulse) -> Relay:
    """
    Join the parts.
    """
    clock = SystemClock()
    return Relay(
        connect(settings),
        settings.prefixes,
        settings.stream_max_entries,
        Beats("relay", clock=clock),
        pulse,
        clock,
    )


if __name__ == "__main__":
    sys.exit(serve(RelaySettings, build, sys.argv[1:]))
