"""The durable stream: what is missed now is read later."""

from collections.abc import Mapping, Sequence
from typing import Any

import redis

from services.collector.transport.base import BATCH, WAIT_S, Arrival
from smartspectra.ipc.channels import RECORDING_STATE
from smartspectra.ipc.envelope import BadEnvelope, Envelope, recording_of
from vitalrig import keys
from vitalrig.bus import AWAY, explain
from vitalrig.errors import Unavailable


class StreamTransport:
    """
    Reads the streams of all prefixes with one connection, each from where it was left.

    Args:
        client: Redis.
        positions: For each prefix the entry after which to go on; None to find a fitting start.
    """

    def __init__(self, client: redis.Redis, positions: Mapping[str, str | None]) -> None:
        self._client = client
        self._unplaced = dict(positions)
        self._after: dict[str, str] = {}

    def add(self, prefix: str, after: str | None) -> None:
        """
        Read one more stream, from behind the entry *after*.
        """
        self._unplaced[prefix] = after

    def read(self) -> Sequence[Arrival]:
        """
        Give what came, in the order of each stream.

        Raises:
            Unavailable: If Redis is away.
        """
        try:
            self._place()
            answer: Any = self._client.xread(
                {keys.envelopes_stream(p): i for p, i in self._after.items()},
                count=BATCH,
                block=round(WAIT_S * 1_000),
            )
        except AWAY as exc:
            # Whoever comes back may be another Redis: look again where to go on.
            self._unplaced |= self._after
            self._after = {}
            raise Unavailable(explain(exc)) from exc
        by_stream = {keys.envelopes_stream(p).encode(): p for p in self._after}
        arrivals: list[Arrival] = []
        for name, entries in answer:
            prefix = by_stream[name]
            arrivals += [_arrival(prefix, entry_id, fields) for entry_id, fields in entries]
            self._after[prefix] = arrivals[-1].entry_id
        return arrivals

    def _place(self) -> None:
        for prefix, wanted in list(self._unplaced.items()):
            stream = keys.envelopes_stream(prefix)
            newest: Any = self._client.xrevrange(stream, count=1)
            newest_id = newest[0][0].decode() if newest else "0-0"
            # A position beyond the end is that of another stream: an emptied or another Redis.
            # What this one holds may have been recorded long ago, so it is not read again.
            if wanted is None or _order(wanted) > _order(newest_id):
                self._after[prefix] = self._start_of_recording(stream) or newest_id
            else:
                self._after[prefix] = wanted
            del self._unplaced[prefix]

    def _start_of_recording(self, stream: str) -> str | None:
        """
        Find the entry before the start of a recording that still runs.
        """
        upper = "+"
        while True:
            entries: Any = self._client.xrevrange(stream, max=upper, count=BATCH)
            for place, (entry_id, fields) in enumerate(entries):
                if fields.get(keys.FIELD_CHANNEL.encode()) == RECORDING_STATE.encode():
                    if not _says_recording(fields.get(keys.FIELD_ENVELOPE.encode(), b"")):
                        return None
                    before = entries[place + 1 : place + 2]
                    return before[0][0].decode() if before else entry_before(entry_id.decode())
            if len(entries) < BATCH:
                return None
            upper = f"({entries[-1][0].decode()}"


def _arrival(prefix: str, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Arrival:
    seq = fields.get(keys.FIELD_SEQ.encode(), b"0")
    return Arrival(
        prefix=prefix,
        channel=fields.get(keys.FIELD_CHANNEL.encode(), b"").decode(errors="replace"),
        envelope=fields.get(keys.FIELD_ENVELOPE.encode(), b""),
        entry_id=entry_id.decode(),
        run=fields.get(keys.FIELD_RUN.encode(), b"").decode(errors="replace"),
        seq=int(seq) if seq.isdigit() else 0,
        gap=fields.get(keys.FIELD_GAP.encode(), b"").decode(errors="replace"),
    )


def _says_recording(envelope: bytes) -> bool:
    try:
        return bool(recording_of(Envelope.parse(envelope).payload))
    except BadEnvelope:
        return False


def _order(entry_id: str) -> tuple[int, int]:
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number or 0)


def entry_before(entry_id: str) -> str:
    """
    Give the id after which a stream goes on with the entry *entry_id*.
    """
    milliseconds, number = _order(entry_id)
    return f"{milliseconds}-{number - 1}" if number else f"{milliseconds - 1}-{2**64 - 1}"
