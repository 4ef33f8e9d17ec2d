"""The durable stream: what is missed now is read later."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import redis

from services.collector.transport.base import BATCH, LONGEST_RUN, Arrival
from services.collector.transport.entry_ids import BEFORE_ALL, entry_before, order_of
from services.collector.transport.reading_plan import ReadingPlan
from services.collector.transport.recall import recall
from smartspectra.ipc.channels import RECORDING_STATE
from smartspectra.ipc.envelope import BadEnvelope, Envelope, recording_of
from vitalrig import keys
from vitalrig.bus import AWAY, explain
from vitalrig.errors import Unavailable

PLACING_S = 0.2
"""How long one call may look for places to go on from."""

LONGEST_TEXT = 2 * LONGEST_RUN
_NUMBER = re.compile(r"[0-9]{1,18}")


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
        self._recalled: list[Arrival] = []
        self._plan = ReadingPlan()

    def add(self, prefix: str, after: str | None) -> None:
        """
        Read one more stream, from behind the entry *after*.
        """
        self._unplaced[prefix] = after

    def rewind(self, prefix: str, after: str) -> None:
        """
        Give what came for *prefix* behind the entry *after* once more.
        """
        places = self._after if prefix in self._after else self._unplaced
        places[prefix] = after

    def read(self) -> Sequence[Arrival]:
        """
        Give some of what came, in the order of each stream; all of it in a few calls.

        Raises:
            Unavailable: If Redis is away.
        """
        try:
            self._place()
            arrivals = self._read_portion()
        except AWAY as exc:
            # Whoever comes back may be another Redis: look again where to go on.
            self._unplaced |= self._after
            self._after = {}
            self._plan.forget()
            raise Unavailable(explain(exc)) from exc
        recalled, self._recalled = self._recalled, []
        return recalled + arrivals

    def _read_portion(self) -> list[Arrival]:
        if not self._after:
            return []
        portion = self._plan.next(self._after)
        wait_ms = round(portion.wait_s * 1_000)
        answer: Any = self._client.xread(
            {keys.envelopes_stream(p): self._after[p] for p in portion.prefixes},
            count=portion.count,
            block=None if self._recalled or not wait_ms else wait_ms,
        )
        given = dict(answer)
        arrivals: list[Arrival] = []
        for prefix in portion.prefixes:
            entries = given.get(keys.envelopes_stream(prefix).encode(), ())
            some = [_arrival(prefix, entry_id, fields) for entry_id, fields in entries]
            self._plan.took(portion, prefix, len(some), sum(len(each.envelope) for each in some))
            if some:
                self._after[prefix] = some[-1].entry_id
                arrivals += some
        return arrivals

    def _place(self) -> None:
        until_s = time.monotonic() + PLACING_S
        for prefix, wanted in list(self._unplaced.items()):
            if time.monotonic() > until_s:
                return  # the others are placed by later calls
            stream = keys.envelopes_stream(prefix)
            newest_id = _only_id(self._client.xrevrange(stream, count=1))
            # A position beyond the end is that of another stream: an emptied or another Redis.
            # What this one holds may have been recorded long ago, so it is not read again.
            if wanted is None or order_of(wanted) > order_of(newest_id):
                after = self._fitting_start(prefix, newest_id)
            else:
                after = wanted
                oldest_id = _only_id(self._client.xrange(stream, count=1))
                if order_of(oldest_id) > order_of(wanted) and self._last_state(stream) is None:
                    # What the stream has let go may have been the start or the stop.
                    self._recalled += recall(self._client, prefix, wanted)
            self._after[prefix] = after
            del self._unplaced[prefix]

    def _fitting_start(self, prefix: str, newest_id: str) -> str:
        """
        Find the entry before the start of a recording that runs, else the newest.
        """
        state = self._last_state(keys.envelopes_stream(prefix))
        if state is not None:
            return state.entry_before if state.recording else newest_id
        recalled = recall(self._client, prefix, BEFORE_ALL)
        if not (recalled and _says_recording(recalled[0].envelope)):
            return newest_id
        self._recalled += recalled
        return BEFORE_ALL

    def _last_state(self, stream: str) -> "_State | None":
        """
        Find the newest entry that says whether a recording runs.
        """
        upper = "+"
        while True:
            entries: Any = self._client.xrevrange(stream, max=upper, count=BATCH)
            for entry_id, fields in entries:
                if fields.get(keys.FIELD_CHANNEL.encode()) == RECORDING_STATE.encode():
                    envelope = fields.get(keys.FIELD_ENVELOPE.encode(), b"")
                    return _State(_says_recording(envelope), entry_before(entry_id.decode()))
            if len(entries) < BATCH:
                return None
            upper = f"({entries[-1][0].decode()}"


class _State(NamedTuple):
    recording: bool
    entry_before: str


def _only_id(entries: Any) -> str:  # noqa: ANN401
    return str(entries[0][0].decode()) if entries else BEFORE_ALL


def _arrival(prefix: str, entry_id: bytes, fields: Mapping[bytes, bytes]) -> Arrival:
    def text(name: str, longest: int = LONGEST_TEXT) -> str:
        return fields.get(name.encode(), b"").decode(errors="replace")[:longest]

    def number(name: str) -> int:
        digits = text(name)
        return int(digits) if _NUMBER.fullmatch(digits) else 0

    return Arrival(
        prefix=prefix,
        channel=text(keys.FIELD_CHANNEL),
        envelope=fields.get(keys.FIELD_ENVELOPE.encode(), b""),
        entry_id=entry_id.decode(),
        run=text(keys.FIELD_RUN, LONGEST_RUN),
        seq=number(keys.FIELD_SEQ),
        follows=text(keys.FIELD_FOLLOWS),
        gap=text(keys.FIELD_GAP),
        gap_s=number(keys.FIELD_GAP_MS) / 1_000,
    )


def _says_recording(envelope: bytes) -> bool:
    try:
        return bool(recording_of(Envelope.parse(envelope).payload))
    except BadEnvelope:
        return False
