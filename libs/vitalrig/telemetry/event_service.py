"""What the HTTP side asks of the log; `TelemetryService` is what answers."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import Any, Protocol

from vitalrig.telemetry.event_models import EventRequest
from vitalrig.telemetry.event_query import EventQuery

Event = dict[str, Any]
"""An envelope as it is in the file: seq, ts, stream, type, data, meta, perhaps received_at."""


class EventService(Protocol):
    """
    The log, as those who serve it see it.

    What may wait for the disk gives a future at once, or an iterator that is gone through in a
    thread; the rest answers from memory. Errors are those of `telemetry_errors`.
    """

    def submit(self, request: EventRequest) -> Future[Event]:
        """
        Keep an event; the future has its envelope when it is kept as the policy says.

        An event whose `key` was kept before has the first one's envelope, or TelemetryKeyError if
        its content is another. TelemetryStorageError: the disk takes nothing.
        """
        ...

    def submit_batch(self, requests: list[EventRequest]) -> Future[list[Event]]:
        """
        Keep all of these or none, next to one another.
        """
        ...

    def start_run(
        self,
        run_dir: str | None = None,
        meta: dict[str, Any] | None = None,
        run_id: str | None = None,
    ) -> dict[str, Any]:
        """
        Begin a run; may wait for the disk. TelemetryConflictError, TelemetryForbiddenError.
        """
        ...

    def stop_run(self) -> dict[str, Any]:
        """
        End it; may wait for the disk. TelemetryNotFoundError; TelemetryConflictError (a recording).
        """
        ...

    def get_run(self) -> dict[str, Any]:
        """
        Give the run that goes on. TelemetryNotFoundError.
        """
        ...

    def ready(self) -> dict[str, Any]:
        """
        Give the answer of `/ready`.
        """
        ...

    def current_snapshot(self) -> dict[str, Event]:
        """
        Give the newest event of each type.
        """
        ...

    def current_event(self, event_type: str) -> Event:
        """
        Give the newest event of one type. TelemetryNotFoundError.
        """
        ...

    def read_lines(self, query: EventQuery) -> Iterator[bytes]:
        """
        Give the lines of stored events, each with its newline, from the files and in order.
        """
        ...

    def list_runs(self) -> list[dict[str, Any]]:
        """
        Give all runs, oldest first: as `get_run`, with `stopped_at` (null while it goes on).
        """
        ...

    def newest_seq(self) -> int:
        """
        Give the sequence number of the newest event, stored or not.
        """
        ...

    def oldest_seq(self) -> int:
        """
        Give the smallest sequence number that retention has left in the files.
        """
        ...

    def watch(self, on_event: Callable[[Event, bytes], None]) -> Callable[[], None]:
        """
        Have each event told when it is kept, in order, with its line; give what ends that.

        Called in the writer's thread: it must not wait. Ephemeral events are told as well.
        """
        ...
