"""A camera whose folder cannot be used: it is shown, and recorded as soon as it can be."""

import logging
from collections.abc import Callable, Sequence

from services.collector.camera import Camera
from services.collector.live_camera import LiveCamera
from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entry_ids import entry_before
from vitalrig.clock import Clock

log = logging.getLogger(__name__)

TRY_EVERY_S = 2.0
UNRECORDED = "not recorded: the camera's folder could not be used"


class CameraWithoutFolder:
    """
    Stands in for a camera that cannot be made yet, and keeps nobody else waiting.

    What the stream keeps is read again by the camera; what was only published is counted.

    Args:
        live: The camera as it is shown.
        make: Makes the camera.
        error: Why that was not possible.
        clock: What tells the time.

    Attributes:
        trouble: Why it cannot be recorded.
    """

    def __init__(
        self, live: LiveCamera, make: Callable[[], Camera], error: OSError, clock: Clock
    ) -> None:
        self._live = live
        self._make = make
        self._clock = clock
        self._try_at_s = clock.monotonic_s() + TRY_EVERY_S
        self._first: ReceivedEnvelope | None = None
        self._states: list[ReceivedEnvelope] = []
        self._last_id = ""
        self._unrecorded = 0
        self.trouble = f"its folder cannot be used: {error}"
        log.error("not recorded", extra={"camera": live.prefix, "why": self.trouble})

    def take(self, arrivals: Sequence[ReceivedEnvelope]) -> None:
        """
        Show what arrived.
        """
        self._live.take(arrivals)
        self._states += [each for each in arrivals if each.is_replayed_state]
        came = [each for each in arrivals if not each.is_replayed_state]
        self._unrecorded += sum(not each.entry_id for each in came)
        if came and came[0].entry_id:
            self._first = self._first or came[0]
            self._last_id = came[-1].entry_id

    def tick(self) -> None:
        """
        Do nothing: there are no files.
        """

    def report(self) -> None:
        """
        Tell the live camera that nothing is recorded.
        """
        self._live.recorded = {
            "recording": {
                "active": False,
                "paused": self.trouble,
                "write_failures": self._unrecorded,
            }
        }

    def camera(self) -> tuple[Camera, str | None] | None:
        """
        Make the camera, if that is possible by now.

        Returns:
            The camera and the entry behind which the stream is to be read again, None if none of
            it was read; nothing while the folder cannot be used.
        """
        now_s = self._clock.monotonic_s()
        if now_s < self._try_at_s:
            return None
        self._try_at_s = now_s + TRY_EVERY_S
        try:
            camera = self._make()
        except OSError as exc:
            self.trouble = f"its folder cannot be used: {exc}"
            return None
        log.info("recorded now", extra={"camera": camera.prefix, "lost": self._unrecorded})
        if self._unrecorded and camera.recorder.recording:
            camera.recorder.collector.note_gap(0, UNRECORDED)
        if self._states:
            camera.take(self._states)
        if self._first is None:
            return camera, None
        self._live.expect_again(self._last_id)
        return camera, entry_before(self._first.entry_id)

    def rewind_position(self) -> None:
        """
        Tell nothing: `camera` tells it once.
        """

    def begin_close(self) -> None:
        """
        Do nothing: there are no files.
        """

    def close(self) -> None:
        """
        Do nothing: there are no files.
        """
