"""The durable stream: what is missed now is read later."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import redis
from redis.exceptions import NoPermissionError, ResponseError

from services.collector.session_folder import SessionFolder
from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entries import received_envelope
from services.collector.transport.entry_ids import order_of
from services.collector.transport.reading_plan import ReadingPlan
from services.collector.transport.resume_points import LastRead, ResumePoints, only_id
from vitalrig import redis_keys
from vitalrig.errors import Unavailable
from vitalrig.redis_client import REDIS_ERRORS, describe_error

log = logging.getLogger(__name__)

PLACING_S = 0.2
"""How long one call may look for places to go on from."""

CHECK_EVERY_S = 2.0
"""How often is looked whether streams that give nothing are still those that they were."""

CHECK_AT_ONCE = 100


class StreamTransport:
    """
    Reads the streams of all prefixes with one connection, each from where it was left.

    A stream that is deleted, emptied or replaced while we wait for its next entry would be waited
    for in vain: it is noticed within seconds, and the new one is read. A key that holds something
    else costs only its own camera.

    Args:
        client: Redis.
        last_read: For each prefix what was read last; where nothing was, a fitting start is found.
        clock_s: Seconds of a clock that only goes forward.
        folders: What is in files already, by prefix.
    """

    def __init__(
        self,
        client: redis.Redis,
        last_read: Mapping[str, LastRead],
        clock_s: Callable[[], float] = time.monotonic,
        folders: Mapping[str, SessionFolder] | None = None,
    ) -> None:
        self._client = client
        self._clock_s = clock_s
        self._places = ResumePoints(client, folders)
        self._unplaced = dict(last_read)
        self._refused: dict[str, LastRead] = {}
        self._after: dict[str, LastRead] = {}
        self._at_end_s: dict[str, float] = {}
        self._recalled: list[ReceivedEnvelope] = []
        self._plan = ReadingPlan()
        self._gave: set[str] = set()
        self._said_refused: set[str] = set()
        self._unchecked: list[str] = []
        self._check_at_s = clock_s() + CHECK_EVERY_S

    def add(self, prefix: str, last: LastRead) -> None:
        """
        Read one more stream, from behind *last*.
        """
        self._unplaced[prefix] = last

    def rewind(self, prefix: str, after: str) -> None:
        """
        Give what came for *prefix* behind the entry *after* once more.
        """
        for places in (self._after, self._unplaced, self._refused):
            if prefix in places:
                places[prefix] = LastRead(after)

    def at_end_s(self, prefix: str) -> float:
        """
        Tell when all was read that there was for *prefix*; long ago if it never was.
        """
        return self._at_end_s.get(prefix, float("-inf"))

    def read(self) -> Sequence[ReceivedEnvelope]:
        """
        Give some of what came, in the order of each stream; all of it in a few calls.

        Raises:
            Unavailable: If Redis is away.
        """
        try:
            self._check_if_due()
            self._place()
            arrivals = self._read_portion()
        except REDIS_ERRORS as exc:
            # Whoever comes back may be another Redis: look again where to go on.
            places = self._unplaced | self._after | self._refused
            self._unplaced = {p: last._replace(is_connected=False) for p, last in places.items()}
            self._after, self._refused = {}, {}
            self._plan.forget()
            raise Unavailable(describe_error(exc)) from exc
        recalled, self._recalled = self._recalled, []
        return recalled + arrivals

    def _read_portion(self) -> list[ReceivedEnvelope]:
        if not self._after:
            return []
        portion = self._plan.next(self._after)
        if not portion.prefixes:
            return []
        wait_ms = round(portion.wait_s * 1_000)
        asked_s = self._clock_s()
        try:
            answer: Any = self._client.xread(
                {redis_keys.envelopes_stream(p): self._after[p].entry_id for p in portion.prefixes},
                count=portion.count,
                block=None if self._recalled or not wait_ms else wait_ms,
            )
        except ResponseError as exc:
            if not _is_of_one_stream(exc):
                raise
            for prefix in portion.prefixes:  # placing them tells which it is
                self._unplaced[prefix] = self._after.pop(prefix)
            return []
        given = dict(answer)
        arrivals: list[ReceivedEnvelope] = []
        for prefix in portion.prefixes:
            entries = given.get(redis_keys.envelopes_stream(prefix).encode(), ())
            some = [received_envelope(prefix, entry_id, fields) for entry_id, fields in entries]
            if len(some) < portion.count:
                self._at_end_s[prefix] = asked_s
            self._plan.took(portion, prefix, len(some), sum(len(each.envelope) for each in some))
            if some:
                self._after[prefix] = self._after[prefix].then(some)
                self._gave.add(prefix)
                arrivals += some
        return arrivals

    def _place(self) -> None:
        until_s = self._clock_s() + PLACING_S
        for prefix, last in list(self._unplaced.items()):
            if self._clock_s() > until_s:
                return  # the others are placed by later calls
            try:
                after, recalled = self._places.find(prefix, last)
            except ResponseError as exc:
                if not _is_of_one_stream(exc):
                    raise
                self._refuse(prefix, last, exc)
                continue
            self._recalled += recalled
            self._after[prefix] = last._replace(entry_id=after, is_connected=False)
            del self._unplaced[prefix]
            self._said_refused.discard(prefix)

    def _refuse(self, prefix: str, last: LastRead, error: ResponseError) -> None:
        del self._unplaced[prefix]
        self._refused[prefix] = last
        if prefix not in self._said_refused:
            self._said_refused.add(prefix)
            log.error("a stream cannot be read", extra={"camera": prefix, "why": str(error)})

    def _check_if_due(self) -> None:
        """Look whether streams that gave nothing still end where we are, or further on."""
        if self._clock_s() >= self._check_at_s:
            self._check_at_s = self._clock_s() + CHECK_EVERY_S
            self._unchecked = [prefix for prefix in self._after if prefix not in self._gave]
            self._gave.clear()
            self._unplaced |= self._refused
            self._refused = {}
        some, self._unchecked = self._unchecked[:CHECK_AT_ONCE], self._unchecked[CHECK_AT_ONCE:]
        if not some:
            return
        pipe = self._client.pipeline(transaction=False)
        for prefix in some:
            pipe.xrevrange(redis_keys.envelopes_stream(prefix), count=1)
        for prefix, newest in zip(some, pipe.execute(raise_on_error=False), strict=True):
            last = self._after.get(prefix)
            if last is None:
                continue
            if isinstance(newest, Exception) or order_of(only_id(newest)) < order_of(last.entry_id):
                del self._after[prefix]
                self._unplaced[prefix] = last._replace(is_connected=True)


def _is_of_one_stream(error: ResponseError) -> bool:
    """Whether Redis refuses a key, rather than everything."""
    return isinstance(error, NoPermissionError) or str(error).startswith("WRONGTYPE")
