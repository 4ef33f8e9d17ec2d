"""Where the rig's services send events: a stream in Redis, with a file for while it is away."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import redis

from smartspectra.ipc.storage.append_file import AppendOnlyFile, WriteFailed
from smartspectra.ipc.storage.disk import Disk
from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable
from vitalrig.events import BATCH, Emitter, Event, Events
from vitalrig.redis_client import REDIS_ERRORS, RedisAddress, connect, describe_error
from vitalrig.service.heartbeats import ServiceHeartbeats

if TYPE_CHECKING:
    from vitalrig.service.service_settings import ServiceSettings

MOST_SPOOLED_BYTES = 4 << 20
"""About ten thousand events; further ones are not kept, and counted."""

CONNECT_WITHIN_S = 1.0


class RedisEvents:
    """
    Adds events to the stream that the telemetry service reads.

    An event whose addition was not confirmed is added again, with the same key.

    Args:
        client: Redis, for this alone.
    """

    is_behind = False

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def send(self, events: Sequence[Event]) -> None:
        """
        Add events, in order.

        Raises:
            Unavailable: If Redis is away or refuses.
        """
        self.send_lines([line_of(event) for event in events])

    def send_lines(self, lines: Sequence[bytes]) -> None:
        """
        The same with events as `line_of` makes them.

        Raises:
            Unavailable: If Redis is away or refuses.
        """
        pipe = self._client.pipeline(transaction=False)
        for line in lines:
            pipe.xadd(
                redis_keys.EVENTS,
                {redis_keys.FIELD_EVENT: line},
                maxlen=redis_keys.MOST_EVENTS,
                approximate=True,
            )
        try:
            pipe.execute()
        except REDIS_ERRORS as exc:
            raise Unavailable(describe_error(exc)) from exc

    def close(self) -> None:
        """
        Close the connection.
        """
        self._client.close()


class SpooledEvents:
    """
    The same with a file for what Redis does not take, which goes first when it does again.

    The file outlives the process. Where the disk does not take it either, events wait in memory.

    Args:
        stream: The stream.
        path: The file, beside the sessions.
        disk: How it is written.
        count: Adds to a counter of the service: `events_spooled`.
    """

    def __init__(
        self, stream: RedisEvents, path: Path, disk: Disk, count: Callable[[str, float], None]
    ) -> None:
        self._stream = stream
        self._path = path
        self._disk = disk
        self._count = count
        self._file: AppendOnlyFile | None = None
        self._may_hold = True  # what an earlier life left; the disk is not asked again after that
        count("events_spooled", 0)

    @property
    def is_behind(self) -> bool:
        """
        Whether the file holds something.
        """
        self._may_hold = self._may_hold and (self._file is not None or self._path.exists())
        return self._may_hold

    def send(self, events: Sequence[Event]) -> None:
        """
        Send what the file holds, then *events*; or add those to the file.

        Raises:
            Unavailable: If neither Redis nor the disk takes them.
        """
        lines = [line_of(event) for event in events]
        try:
            self._send_spooled()
            if lines:
                self._stream.send_lines(lines)
        except (Unavailable, OSError) as exc:
            self._spool(lines, exc)

    def close(self) -> None:
        """
        Close the connection and the file.
        """
        if self._file is not None:
            self._file.close()
            self._file = None
        self._stream.close()

    def _send_spooled(self) -> None:
        if not self.is_behind:
            return
        for some in _batches(self._opened().read_lines()):
            self._stream.send_lines(some)
        self._path.unlink(missing_ok=True)
        self._opened().close()
        self._file, self._may_hold = None, False

    def _spool(self, lines: Sequence[bytes], why: Exception) -> None:
        if not lines:
            return
        data = b"".join(line + b"\n" for line in lines)
        try:
            self._may_hold, file = True, self._opened()
            if file.size_bytes + len(data) > MOST_SPOOLED_BYTES:
                raise Unavailable("the spool of events is full") from why
            file.append(data)
        except WriteFailed as exc:
            # Those that it did take come twice then, with the same keys.
            raise Unavailable(str(exc)) from exc
        except OSError as exc:
            raise Unavailable(str(exc)) from exc
        self._count("events_spooled", len(lines))

    def _opened(self) -> AppendOnlyFile:
        if self._file is None:
            self._file = AppendOnlyFile(self._path, self._disk)
        return self._file


def line_of(event: Event) -> bytes:
    """
    Give an event as one line of JSON. What JSON does not have is written as text.
    """
    try:
        return orjson.dumps(event.document(), default=str)
    except TypeError:  # it is stricter in corners, such as half a surrogate pair
        return json.dumps(event.document(), default=str).encode()


def open_events(
    settings: "ServiceSettings",
    beats: ServiceHeartbeats,
    clock: Clock,
    *,
    address: RedisAddress | None = None,
    spool: Path | None = None,
    disk: Disk | None = None,
) -> Emitter:
    """
    Make what a service of the rig says its events with; they go out once it is started.

    Args:
        settings: What the service was told.
        beats: Whose name events bear, and where they are counted.
        clock: What tells the time.
        address: Where Redis is, if not where the settings say.
        spool: The file for while Redis is away; None for none.
        disk: How that is written.

    Raises:
        BadSettings: If the password file cannot be read.
    """
    address = replace(address or RedisAddress.of(settings), connect_timeout_s=CONNECT_WITHIN_S)
    stream = RedisEvents(connect(address))
    outlet = stream if spool is None else SpooledEvents(stream, spool, disk or Disk(), beats.count)
    return Events(beats.key, outlet, beats.count, str(beats.facts.get("camera", "")), clock)


def _batches(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    some: list[bytes] = []
    for line in lines:
        if line:
            some.append(line)
        if len(some) == BATCH:
            yield some
            some = []
    if some:
        yield some
