"""Where reading a stream goes on: behind what was read last, as long as it is that stream."""

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import redis
from redis.exceptions import NoPermissionError

from services.collector.session_folder import SessionFolder
from services.collector.transport.base import BATCH, ReceivedEnvelope
from services.collector.transport.entries import received_envelope
from services.collector.transport.entry_ids import BEFORE_ALL, entry_before, order_of
from services.collector.transport.last_state import read_last_state
from smartspectra.ipc.wire.channels import RECORDING_STATE
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of
from vitalrig import redis_keys

log = logging.getLogger(__name__)


class LastRead(NamedTuple):
    """
    What was read last of a stream.

    Attributes:
        entry_id: The entry; empty if nothing was.
        run: Its run.
        seq: Its number.
        is_connected: Whether nothing but this connection has seen the stream since then.
    """

    entry_id: str = ""
    run: str = ""
    seq: int = 0
    is_connected: bool = False

    def then(self, arrivals: Sequence[ReceivedEnvelope]) -> "LastRead":
        """
        Give what was read last now that *arrivals* were; some may have no number.
        """
        numbered = next((each for each in reversed(arrivals) if each.seq), self)
        return LastRead(arrivals[-1].entry_id, numbered.run, numbered.seq)


class ResumePoint(NamedTuple):
    """
    Where to go on.

    Attributes:
        after: The entry after which.
        recalled: What has to be known first, since the stream does not tell it any more.
    """

    after: str
    recalled: list[ReceivedEnvelope]


class ResumePoints:
    """
    Finds where to go on in streams.

    Args:
        client: Redis.
        folders: What is in files already, by prefix; none is as if nothing were.
    """

    def __init__(
        self, client: redis.Redis, folders: Mapping[str, SessionFolder] | None = None
    ) -> None:
        self._client = client
        self._folders = folders or {}

    def find(self, prefix: str, last: LastRead) -> ResumePoint:
        """
        Find where to go on behind *last*.

        Raises:
            redis.RedisError: If Redis is away, or refuses this stream.
            OSError: If Redis is away.
        """
        stream = redis_keys.envelopes_stream(prefix)
        newest_id = only_id(self._client.xrevrange(stream, count=1))
        if not last.entry_id:
            return self._fitting_start(prefix, newest_id)
        if order_of(last.entry_id) > order_of(newest_id):
            return ResumePoint(self._in_another_stream(prefix, last, newest_id), [])
        oldest_id = only_id(self._client.xrange(stream, count=1))
        if order_of(oldest_id) > order_of(last.entry_id) and self._last_state(prefix) is None:
            # What the stream has let go may have been the start or the stop.
            return ResumePoint(last.entry_id, read_last_state(self._client, prefix, last.entry_id))
        return ResumePoint(last.entry_id, [])

    def _in_another_stream(self, prefix: str, last: LastRead, newest_id: str) -> str:
        """
        Find where to go on in a stream that ends before what was read last.

        It was deleted or emptied, or its Redis is another, or one that has lost its end. Numbers
        tell what in it is known already. Where they do not, it is taken for new if it came while
        we were connected, or if the clock of Redis was set back; else it is of long ago.
        """
        after = self._behind(prefix, last)
        if after is None:
            is_old = not last.is_connected and self._now_ms() > order_of(last.entry_id)[0]
            after = newest_id if is_old else BEFORE_ALL
        log.warning(
            "the stream was emptied or replaced",
            extra={"camera": prefix, "read_until": last.entry_id, "going_on_behind": after},
        )
        return after

    def _behind(self, prefix: str, last: LastRead) -> str | None:
        """The entry behind which the run's numbers are new; None without an entry of that run."""
        after = None
        for arrival in self._from_the_newest(prefix) if last.run else ():
            if arrival.run != last.run:
                continue
            if arrival.seq <= last.seq:
                return arrival.entry_id
            after = entry_before(arrival.entry_id)
        return after

    def _now_ms(self) -> float:
        """By the clock that ids are from; for ever late where we may not ask."""
        try:
            answer: Any = self._client.time()
        except NoPermissionError:
            return math.inf
        seconds, microseconds = answer
        return float(seconds * 1_000 + microseconds / 1_000)

    def _fitting_start(self, prefix: str, newest_id: str) -> ResumePoint:
        """Before what a file lacks the end of, or a recording that runs, else behind the newest."""
        cut_off = self._start_of_cut_off(prefix)
        if cut_off is not None:
            return ResumePoint(entry_before(cut_off.entry_id), [])
        state = self._last_state(prefix)
        if state is not None:
            return ResumePoint(entry_before(state.entry_id) if _is_start(state) else newest_id, [])
        recalled = read_last_state(self._client, prefix, BEFORE_ALL)
        if recalled and _is_start(recalled[0]):
            return ResumePoint(BEFORE_ALL, recalled)
        return ResumePoint(newest_id, [])

    def _start_of_cut_off(self, prefix: str) -> ReceivedEnvelope | None:
        """
        The start from which on files lack something, although the stream holds it.

        So it is where a collector died and its positions are lost. What lies before a session
        that is whole is over.
        """
        folder = self._folders.get(prefix)
        if folder is None or not folder.holds_sessions():
            return None
        cut_off = None
        for arrival in self._from_the_newest(prefix):
            if arrival.channel == RECORDING_STATE and _is_start(arrival):
                holds_all = folder.holds_all_since(arrival.envelope)
                if holds_all:
                    break
                if holds_all is False:
                    cut_off = arrival
        return cut_off

    def _last_state(self, prefix: str) -> ReceivedEnvelope | None:
        """The newest entry that says whether a recording runs."""
        states = (each for each in self._from_the_newest(prefix) if each.channel == RECORDING_STATE)
        return next(states, None)

    def _from_the_newest(self, prefix: str) -> Iterator[ReceivedEnvelope]:
        upper = "+"
        while True:
            stream = redis_keys.envelopes_stream(prefix)
            entries: Any = self._client.xrevrange(stream, max=upper, count=BATCH)
            yield from (received_envelope(prefix, *entry) for entry in entries)
            if len(entries) < BATCH:
                return
            upper = f"({entries[-1][0].decode()}"


def only_id(entries: Any) -> str:  # noqa: ANN401
    """
    Give the id of the only entry in an answer of Redis; the one before all if there is none.
    """
    return str(entries[0][0].decode()) if entries else BEFORE_ALL


def _is_start(state: ReceivedEnvelope) -> bool:
    try:
        return bool(recording_of(Envelope.parse(state.envelope).payload))
    except BadEnvelope:
        return False
