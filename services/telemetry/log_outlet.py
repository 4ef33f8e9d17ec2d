"""What the telemetry service itself says, which it keeps without a way through Redis."""

from collections.abc import Sequence

from vitalrig.errors import Unavailable
from vitalrig.events import Event
from vitalrig.telemetry.event_models import EventRequest
from vitalrig.telemetry.telemetry_errors import TelemetryStorageError
from vitalrig.telemetry.telemetry_service import TelemetryService


class LogOutlet:
    """
    Puts events into the log.

    Args:
        log: The log; closed with this, as the last who writes.
    """

    is_behind = False

    def __init__(self, log: TelemetryService) -> None:
        self._log = log

    def send(self, events: Sequence[Event]) -> None:
        """
        Keep events, in order.

        Raises:
            Unavailable: If the disk does not take them.
        """
        requests = [EventRequest.model_validate(event.document()) for event in events]
        try:
            self._log.append_events(requests, from_rig=True)
        except TelemetryStorageError as exc:
            raise Unavailable(str(exc)) from exc

    def close(self) -> None:
        """
        Close the log.
        """
        self._log.close()
