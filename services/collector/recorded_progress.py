"""Tells whoever writes a stream how far it is recorded, so that a full Redis can let that go."""

import logging
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import redis
from redis.exceptions import ResponseError

from services.collector.latest_file import LatestFile
from services.collector.transport.entry_ids import BEFORE_ALL
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import finish_now
from vitalrig import redis_keys
from vitalrig.redis_client import REDIS_ERRORS
from vitalrig.service.heartbeats import ServiceHeartbeats

log = logging.getLogger(__name__)

TELL_EVERY_S = 3.0
ID_FILE = ".collector.id"
_ID = re.compile("[0-9a-f]{16}")


class RecordedProgress:
    """
    Keeps a consumer group in each stream whose last id is what is recorded for good.

    Redis takes XGROUP SETID also when it is full. A group is lost with its stream: it is made anew,
    at the beginning, and moves on with what is recorded after that, since what was recorded before
    may be of another stream. What cannot be told is counted as `progress_untold`, and told later.

    Args:
        client: Redis.
        group: The group's name; no other collector's.
        prefixes: Whose streams.
        recorded_ids: Gives the last entry of each stream that is recorded for good; none is none.
        beats: Where the counter goes.
        clock_s: Seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        client: redis.Redis,
        group: str,
        prefixes: Sequence[str],
        recorded_ids: Callable[[], Mapping[str, str]],
        beats: ServiceHeartbeats,
        clock_s: Callable[[], float],
    ) -> None:
        self._client = client
        self._group = group
        self._prefixes = prefixes
        self._recorded_ids = recorded_ids
        self._beats = beats
        self._clock_s = clock_s
        self._told: dict[str, str] = {}
        self._told_at_s = float("-inf")
        beats.count("progress_untold", 0)

    def look(self) -> None:
        """
        Tell what was recorded since the last time, every few seconds; never raises for Redis.
        """
        now_s = self._clock_s()
        if now_s - self._told_at_s < TELL_EVERY_S:
            return
        self._told_at_s = now_s
        recorded = self._recorded_ids()
        ids = {prefix: recorded.get(prefix, BEFORE_ALL) for prefix in self._prefixes}
        try:
            self._make_groups(ids)
            self._tell(ids)
        except REDIS_ERRORS as exc:
            self._count(exc)

    def _make_groups(self, ids: Mapping[str, str]) -> None:
        missing = [prefix for prefix in ids if prefix not in self._told]
        pipe = self._client.pipeline(transaction=False)
        for prefix in missing:
            pipe.xgroup_create(redis_keys.envelopes_stream(prefix), self._group, BEFORE_ALL)
        for prefix, answer in zip(missing, pipe.execute(raise_on_error=False), strict=True):
            if not isinstance(answer, Exception):
                self._told[prefix] = ids[prefix]
            elif str(answer).startswith("BUSYGROUP"):
                self._told[prefix] = ""  # what it was told last is of an earlier run of ours
            elif not _is_of_no_stream(answer):
                self._count(answer)

    def _tell(self, ids: Mapping[str, str]) -> None:
        news = [prefix for prefix, told in self._told.items() if told != ids[prefix]]
        pipe = self._client.pipeline(transaction=False)
        for prefix in news:
            pipe.xgroup_setid(redis_keys.envelopes_stream(prefix), self._group, ids[prefix])
        for prefix, answer in zip(news, pipe.execute(raise_on_error=False), strict=True):
            if not isinstance(answer, Exception):
                self._told[prefix] = ids[prefix]
            elif str(answer).startswith("NOGROUP") or _is_of_no_stream(answer):
                del self._told[prefix]
            else:
                self._count(answer)

    def _count(self, error: Exception) -> None:
        self._beats.count("progress_untold")
        log.debug("progress not told", extra={"why": str(error)})


def collector_id(folder: Path, disk: Disk) -> str | None:
    """
    Give what tells the collector of a sessions folder from all others, in every run.

    None if it can neither be read nor kept: then nothing may be told under it.
    """
    path = folder / ID_FILE
    try:
        if path.exists() and _ID.fullmatch(known := path.read_text(encoding="ascii")):
            return known
        made = secrets.token_hex(8)
        finish_now(LatestFile(path, disk).writing(made), disk)
    except (OSError, UnicodeDecodeError) as exc:
        log.warning("a full Redis is not told what is recorded", extra={"why": str(exc)})
        return None
    return made


def _is_of_no_stream(error: Exception) -> bool:
    return isinstance(error, ResponseError) and "requires the key to exist" in str(error)
