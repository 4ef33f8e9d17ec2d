"""A server reduced to what it publishes: numbered envelopes in the stream and on the channels."""

import itertools
import json

import redis

from vitalrig import redis_keys

START_US = 1_760_000_000_000_000


class Publishing:
    """Publishes for one prefix; keeps what it published, in order."""

    def __init__(
        self,
        client: redis.Redis,
        prefix: str = "physiology",
        run: str = "run1",
        *,
        stream: bool = True,
        follows: str = "",
    ) -> None:
        self._stream = stream
        self._follows = follows
        self._client = client
        self._prefix = prefix
        self._run = run
        self.seq = 0
        self.ids = itertools.repeat("*")
        self.published: list[bytes] = []

    def set_clock_of_redis_back(self) -> None:
        """From now on, ids are those of long ago; a stream takes them once it is deleted."""
        self.ids = (f"5-{number}" for number in itertools.count(1))

    def start(self, session: str = "first") -> None:
        self._send(
            "recording_state", {"recording": True, "state": "started", "session_id": session}
        )

    def start_unnamed(self, stamp: int) -> None:
        """Start without a session id, stamped as a foreign server might."""
        document = {"type": "recording_state", "timestamp": stamp, "payload": {"recording": True}}
        self.published.append(json.dumps(document).encode())
        self._add("recording_state", self.published[-1])

    def stop(self) -> None:
        self._send("recording_state", {"recording": False, "state": "stopped"})

    def edge(self, count: int = 1) -> None:
        for _ in range(count):
            stamp = str(self._now_us())
            sample = {"time": self.seq / 30, "value": 0.01, "stable": True, "timestamp": stamp}
            self._send("edge_metrics", {"breathing": {"upper_trace": [sample]}})

    def keep_state(self) -> None:
        """Keep what was published last for those who come late, as our server does."""
        self._client.set(redis_keys.last_recording_state(self._prefix), self.published[-1])

    def lose(self, count: int) -> None:
        """Use up numbers without publishing them."""
        self.seq += count

    def send_raw(self, channel: str, envelope: bytes) -> None:
        """Send what is not an envelope; it is not counted as published."""
        self._add(channel, envelope)

    def repeat_last(self) -> None:
        self.seq -= 1
        self._add("edge_metrics", self.published[-1])

    def _now_us(self) -> int:
        return START_US + self.seq * 33_333

    def _send(self, channel: str, payload: dict[str, object]) -> None:
        document = {"type": channel, "timestamp": self._now_us(), "payload": payload}
        envelope = json.dumps(document, separators=(",", ":")).encode()
        self.published.append(envelope)
        self._add(channel, envelope)

    def _add(self, channel: str, envelope: bytes) -> None:
        self.seq += 1
        self._client.publish(f"{self._prefix}:{channel}", envelope)
        if not self._stream:
            return
        fields = {"channel": channel, "envelope": envelope, "run": self._run, "seq": self.seq}
        if self._follows and self.seq == 1:
            fields["follows"] = self._follows
        self._client.xadd(f"{self._prefix}:envelopes", fields, id=next(self.ids))
