"""The loop that records, in a thread of its own: the disk may hold it up, and nothing else."""

import gc
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from services.collector.camera import Camera
from services.collector.camera_without_folder import CameraWithoutFolder
from services.collector.checkpoints import Checkpoints
from services.collector.transport.base import ReceivedEnvelope, Transport
from smartspectra.ipc.storage.worker import SerialQueue
from vitalrig.clock import Clock
from vitalrig.errors import Unavailable
from vitalrig.reported_outage import ReportedOutage
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0
TICK_EVERY_S = 0.05
TICK_PAUSE_S = 0.000_25
"""For each camera so much longer, since looking at a thousand takes time as well."""

GARBAGE_EVERY = (20_000, 50, 10)
"""What comes and goes is freed without the garbage collector; there is little for it to find."""

AnyCamera = Camera | CameraWithoutFolder


class RecordingLoop:
    """
    Takes what arrives for all cameras, until told to stop; then finishes the open files.

    Args:
        transport: Makes what envelopes arrive by, when it is known how far the cameras are.
        make: Makes the cameras, each by its prefix. Going on with long sessions may take long.
        checkpoints: How far each camera is in files; saved about once a second.
        saver: Saves positions, beside the loop.
        beats: Where heartbeats go.
        clock: What tells the time.

    Attributes:
        is_ready: Whether it takes what arrives.
        turned_at_s: When it last turned, by the clock that only goes forward.
        trouble: Why something is not written that should be, or None.
    """

    def __init__(
        self,
        transport: Callable[[], Transport],
        make: Mapping[str, Callable[[], AnyCamera]],
        checkpoints: Checkpoints,
        saver: SerialQueue,
        beats: ServiceHeartbeats,
        clock: Clock,
    ) -> None:
        self._make_transport = transport
        self._transport: Transport | None = None
        self._make = make
        self._cameras: dict[str, AnyCamera] = {}
        self._without_folder: dict[str, CameraWithoutFolder] = {}
        self._checkpoints = checkpoints
        self._saver = saver
        self._clock = clock
        self._reported_at_s = self._ticked_at_s = float("-inf")
        self._outage = ReportedOutage("Redis", beats, clock)
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None
        self.is_ready = False
        self.turned_at_s = clock.monotonic_s()
        self.trouble: str | None = None

    def start(self, stop: threading.Event) -> None:
        """
        Record until *stop* is set.
        """
        self._thread = threading.Thread(target=self._run, args=(stop,), name="recording")
        self._thread.start()

    @property
    def away(self) -> str | None:
        """
        Why Redis cannot be reached, or None.
        """
        return self._outage.why

    @property
    def is_running(self) -> bool:
        """
        Whether it records, or finishes files.
        """
        return self._thread is not None and self._thread.is_alive()

    def wait(self, timeout_s: float) -> None:
        """
        Wait for its end, for *timeout_s* at most.

        Raises:
            BaseException: What ended it, if it was not told to stop.
        """
        if self._thread is not None:
            self._thread.join(timeout_s)
        if self._error is not None:
            raise self._error

    def _run(self, stop: threading.Event) -> None:
        try:
            self._record(stop)
        except BaseException as exc:  # noqa: BLE001  raised where the service waits
            self._error = exc

    def _record(self, stop: threading.Event) -> None:
        try:
            for prefix, make in self._make.items():
                if stop.is_set():
                    return
                camera = self._cameras[prefix] = make()
                if isinstance(camera, CameraWithoutFolder):
                    self._without_folder[prefix] = camera
                self._note_progress()
            transport = self._transport = self._make_transport()
            _spare_what_stays()
            self.is_ready = True
            log.info("collector ready", extra={"cameras": list(self._cameras), "version": VERSION})
            while not stop.is_set():
                self._run_once(transport, stop)
        finally:
            self._close()

    def _close(self) -> None:
        """
        Finish all files together, then save where they end.
        """
        for camera in self._cameras.values():
            camera.begin_close()
        for camera in self._cameras.values():
            camera.close()
            self._note_progress()
        self._saver.wait()
        self._checkpoints.save()

    def at_end_s(self, prefix: str) -> float:
        """
        Tell when the end of a camera's stream was last reached; long ago if it never was.
        """
        return float("-inf") if self._transport is None else self._transport.at_end_s(prefix)

    def _run_once(self, transport: Transport, stop: threading.Event) -> None:
        self._note_progress()
        # Not amid what was read: what comes again must not come before what is still here.
        for prefix, camera in self._cameras.items():
            if (after := camera.rewind_position()) is not None:
                transport.rewind(prefix, after)
        self._look_for_folders(transport)
        for prefix, arrivals in groupby(
            self._read(transport, stop), key=lambda arrival: arrival.prefix
        ):
            self._cameras[prefix].take(list(arrivals))
            self._look_around()
        self._look_around()

    def _look_for_folders(self, transport: Transport) -> None:
        for prefix, without in list(self._without_folder.items()):
            if (made := without.camera()) is not None:
                self._cameras[prefix], after = made
                del self._without_folder[prefix]
                if after is not None:
                    transport.rewind(prefix, after)

    def _note_progress(self) -> None:
        self.turned_at_s = self._clock.monotonic_s()

    def _look_around(self) -> None:
        """
        Do what is due, however long it takes to take all that came.
        """
        self._note_progress()
        now_s = self._clock.monotonic_s()
        if now_s - self._ticked_at_s >= TICK_EVERY_S + TICK_PAUSE_S * len(self._cameras):
            for camera in self._cameras.values():
                camera.tick()
            self._ticked_at_s = self._clock.monotonic_s()
        if now_s - self._reported_at_s >= REPORT_EVERY_S:
            self._reported_at_s = now_s
            self._publish_status()

    def _publish_status(self) -> None:
        if not self._checkpoints.is_saved and not self._saver.busy:
            self._saver.submit(self._checkpoints.saving())
        troubles = []
        for prefix, camera in self._cameras.items():
            camera.report()
            if camera.trouble is not None:
                troubles.append(f"{prefix}: {camera.trouble}")
        self.trouble = "; ".join(troubles) or None

    def _read(self, transport: Transport, stop: threading.Event) -> Sequence[ReceivedEnvelope]:
        try:
            arrivals = transport.read()
        except Unavailable as exc:
            self._outage.fail(str(exc))
            stop.wait(self._outage.left_s)
            return ()
        self._outage.end()
        return arrivals


def _spare_what_stays() -> None:
    """Keep the garbage collector from what was made for a thousand cameras and stays."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_EVERY)
