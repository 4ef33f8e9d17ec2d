"""The collector, joined from its parts by `build`."""

import json
import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import redis

from services.collector.camera import Camera
from services.collector.camera_without_folder import CameraWithoutFolder
from services.collector.checkpoints import Checkpoints
from services.collector.disk_probe import DiskProbe
from services.collector.instrumented_disk import InstrumentedDisk
from services.collector.live_camera import LiveCamera
from services.collector.open_files import allow_open_files
from services.collector.permissions import check_membership, warn_of_public_files
from services.collector.recorded_progress import RecordedProgress, collector_id
from services.collector.recorder import Recorder
from services.collector.recording_events import RecordingEvents
from services.collector.recording_loop import RecordingLoop
from services.collector.sequence_tracker import TrackedRun
from services.collector.session_folder import SessionFolder
from services.collector.settings import Settings
from services.collector.stand_in import StandIn
from services.collector.transport.auto import AutoTransport
from services.collector.transport.base import Transport
from services.collector.transport.pubsub import PubSubTransport
from services.collector.transport.resume_points import LastRead
from services.collector.transport.stream import StreamTransport
from services.collector.unkept_listener import UnkeptListener
from smartspectra.ipc.storage.disk import Disk, tolerating_storage_errors
from smartspectra.ipc.storage.folder_lock import FolderLock
from smartspectra.ipc.storage.options import UNDERSTAND_BYTES, StorageOptions
from smartspectra.ipc.storage.worker import SerialQueue
from vitalrig import redis_keys
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import BadSettings, CannotStart, Unavailable
from vitalrig.event_outlets import open_events
from vitalrig.events import Emitter
from vitalrig.heartbeat_publisher import HeartbeatPublisher
from vitalrig.redis_client import RedisAddress, connect
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.service.watchdog import Watchdog
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

EVENT_SPOOL = ".collector.events"
"""The file for events, in the sessions folder, for while Redis is away."""

UNDERSTAND_ALL_BYTES = 8 * 2**20
LEAST_UNDERSTOOD_BYTES = 4 * 1024
LOOK_EVERY_S = 0.1
TICK_EVERY_S = 0.25
STALLED_AFTER_S = 5.0
"""A recording that stands still for so long is reported."""

STALLED = "the recording stands still; the disk may hang"


class Collector:
    """
    Shows all cameras, live, beside the loop that records them.

    Args:
        recording: The loop that records, in a thread of its own.
        cameras: The cameras as they are shown, by prefix.
        stand_in: Shows what the recording has not come to.
        probe: Tells whether the disk answers.
        unkept: Shows what Redis refuses to keep.
        publisher: Publishes what is seen of the cameras, with the collector's own heartbeats.
        watchdog: Told that this loop turns.
        clock: What tells the time.
        events: What it says its events with.
        lock: Keeps other collectors from the folder; released at the end.
        progress: Tells writers of streams what is recorded; None where nothing is read from them.
    """

    def __init__(
        self,
        recording: RecordingLoop,
        cameras: Mapping[str, LiveCamera],
        stand_in: StandIn,
        probe: DiskProbe,
        unkept: UnkeptListener,
        publisher: HeartbeatPublisher,
        watchdog: Watchdog,
        clock: Clock,
        events: Emitter,
        lock: FolderLock | None = None,
        progress: RecordedProgress | None = None,
    ) -> None:
        self.events = events
        self._recording = recording
        self._cameras = cameras
        self._stand_in = stand_in
        self._probe = probe
        self._unkept = unkept
        self._publisher = publisher
        self.beats = publisher.beats
        self._watchdog = watchdog
        self._clock = clock
        self._lock = lock
        self._progress = progress
        self._ticked_at_s = float("-inf")
        self._stalled: str | None = None

    @property
    def is_ready(self) -> bool:
        """
        Whether open sessions are gone on with, and what arrives is taken.
        """
        return self._recording.is_ready

    def run(self, stop: threading.Event) -> None:
        """
        Collect until *stop* is set, then wait until all files are finished.

        Raises:
            CannotStart: If the sessions folder cannot be used.
        """
        end = threading.Event()
        self._recording.start(end)
        try:
            while self._recording.is_running and not stop.wait(LOOK_EVERY_S):
                self._run_once()
        finally:
            end.set()
            while self._recording.is_running:
                self._watchdog.beat()
                self._recording.wait(LOOK_EVERY_S)
            self._unkept.close()
            if self._lock is not None:
                self._lock.release()
        self._recording.wait(0)

    def _run_once(self) -> None:
        now_s = self._clock.monotonic_s()
        if self._judge(now_s):
            self._watchdog.beat()
        else:
            self._watchdog.health.write()
        if now_s - self._ticked_at_s >= TICK_EVERY_S:
            self._ticked_at_s = now_s
            for camera in self._cameras.values():
                camera.tick(self._stalled)
        self._stand_in.look()
        self._unkept.look()
        if self._progress is not None and self.is_ready and self._recording.away is None:
            self._progress.look()
        self._publish_reports()

    def _judge(self, now_s: float) -> bool:
        """
        See how the recording goes; gives whether the process is worth keeping.

        A recording that stands still though the disk answers will not go on by itself: then the
        watchdog ends the process. If it is the disk, that would only end the live numbers too.
        """
        health, recording = self._watchdog.health, self._recording
        if recording.is_ready:
            health.ready()
        health.set("redis", recording.away)
        stalled_s = now_s - recording.turned_at_s
        self._stalled = None if stalled_s <= STALLED_AFTER_S else STALLED
        if self._stalled is None:
            health.set("recording", recording.trouble or self._unkept_trouble())
            self._probe.forget()
            return True
        health.set("recording", f"stands still for {stalled_s:.0f} s")
        return not (recording.is_ready and self._probe.ask())

    def _unkept_trouble(self) -> str | None:
        troubles = [
            f"{each.prefix}: {each.trouble}" for each in self._cameras.values() if each.trouble
        ]
        return "; ".join(troubles) or None

    def _publish_reports(self) -> None:
        if self._recording.away is not None:
            return
        try:
            self._publisher.publish_if_due()
        except Unavailable as exc:
            log.debug("report not delivered", extra={"why": str(exc)})


def build(settings: Settings, watchdog: Watchdog, clock: Clock | None = None) -> Collector:
    """
    Join the parts.

    Args:
        settings: What the collector was told.
        watchdog: Told that the loop turns.
        clock: What tells the time; the machine's clock by default.

    Raises:
        BadSettings: If the password file cannot be read, or files cannot be given to the group.
        CannotStart: If the sessions folder cannot be used, or another collector uses it.
    """
    clock = clock or SystemClock()
    allow_open_files(len(settings.prefixes))
    beats = ServiceHeartbeats("collector", settings.instance, clock)
    redis_address = RedisAddress.of(settings)
    storage = StorageOptions(
        fsync=settings.fsync,
        fsync_interval_s=settings.fsync_interval_s,
        snapshot_interval_s=settings.snapshot_interval_s,
        software_version=f"vitalrig {VERSION}",
        clock=clock.monotonic_s,
        wall_clock=lambda: clock.wall_us() / 1_000_000,
        wait=False,
        understand_bytes=_understand_bytes(len(settings.prefixes)),
        disk=_disk(settings, beats, clock),
    )
    lock = None
    try:
        storage.disk.make_folder(settings.sessions_folder)
        warn_of_public_files(settings.sessions_folder)
        lock = _lock(settings.sessions_folder)
        checkpoints = Checkpoints(settings.sessions_folder, storage.disk)
    except OSError as exc:
        if lock is not None:
            lock.release()
        raise CannotStart(f"{settings.sessions_folder} cannot be used: {exc}") from exc
    events = open_events(
        settings,
        beats,
        clock,
        spool=settings.sessions_folder / EVENT_SPOOL,
        disk=storage.disk,
    )
    said = {prefix: RecordingEvents(events, prefix, clock) for prefix in settings.prefixes}
    places = {prefix: TrackedRun.of(checkpoints.of(prefix)) for prefix in settings.prefixes}
    cameras = {
        prefix: LiveCamera(prefix, places[prefix], beats, clock, said[prefix]) for prefix in places
    }

    def make(prefix: str) -> Camera:
        recorder = Recorder(prefix, settings, checkpoints, storage, said[prefix])
        place = replace(TrackedRun.of(checkpoints.of(prefix)), is_recording=recorder.recording)
        return Camera(cameras[prefix], recorder, place, beats, clock, said[prefix])

    def make_if_possible(prefix: str) -> Camera | CameraWithoutFolder:
        try:
            return make(prefix)
        except OSError as exc:
            return CameraWithoutFolder(cameras[prefix], partial(make, prefix), exc, clock)

    recording = RecordingLoop(
        lambda: _transport(settings, connect(redis_address), checkpoints, clock),
        {prefix: partial(make_if_possible, prefix) for prefix in settings.prefixes},
        checkpoints,
        SerialQueue(storage.background.syncs, storage.disk, "saving positions"),
        beats,
        clock,
    )
    return Collector(
        recording=recording,
        cameras=cameras,
        probe=DiskProbe(settings.sessions_folder, storage.disk),
        stand_in=StandIn(connect(redis_address), cameras, recording.at_end_s, clock.monotonic_s),
        unkept=UnkeptListener(connect(redis_address), cameras, clock.monotonic_s),
        publisher=HeartbeatPublisher(
            connect(redis_address), beats, clock, partial(_camera_reports, cameras)
        ),
        watchdog=watchdog,
        clock=clock,
        events=events,
        lock=lock,
        progress=_progress(
            settings, connect(redis_address), checkpoints, storage.disk, beats, clock
        ),
    )


def _progress(
    settings: Settings,
    client: redis.Redis,
    checkpoints: Checkpoints,
    disk: Disk,
    beats: ServiceHeartbeats,
    clock: Clock,
) -> RecordedProgress | None:
    own_id = (
        None if settings.transport == "pubsub" else collector_id(settings.sessions_folder, disk)
    )
    if own_id is None:
        return None
    return RecordedProgress(
        client,
        redis_keys.recorded_group(own_id),
        settings.prefixes,
        lambda: checkpoints.saved_ids,
        beats,
        clock.monotonic_s,
    )


def _disk(settings: Settings, beats: ServiceHeartbeats, clock: Clock) -> InstrumentedDisk:
    """
    Write files for the group that may read them.

    Raises:
        BadSettings: If there is no such group, or the collector's user is not in it.
    """
    try:
        check_membership(settings.sessions_group)
        return InstrumentedDisk(beats, clock, settings.sessions_group)
    except ValueError as exc:
        raise BadSettings(f"sessions_group: {exc}") from exc


def _understand_bytes(cameras: int) -> int:
    """Of all cameras together so much waits to be understood."""
    return max(LEAST_UNDERSTOOD_BYTES, min(UNDERSTAND_BYTES, UNDERSTAND_ALL_BYTES // cameras))


def _lock(sessions_folder: Path) -> FolderLock | None:
    """
    Keep other collectors from the folder: positions and sessions have one writer.

    Raises:
        FolderInUse: If another collector is there.
        OSError: If the folder cannot be used, for reasons that will not pass.
    """
    with tolerating_storage_errors("lock", sessions_folder):
        return FolderLock.take(sessions_folder / "collector")
    return None


def _camera_reports(cameras: Mapping[str, LiveCamera]) -> Iterator[tuple[str, bytes | str]]:
    for prefix, camera in cameras.items():
        yield f"{redis_keys.CAMERAS}{prefix}", _json(camera.document())


def _json(document: dict[str, Any]) -> bytes | str:
    try:
        return orjson.dumps(document)
    except TypeError:  # it is stricter in corners, such as half a surrogate pair
        return json.dumps(document)


def _transport(
    settings: Settings, client: redis.Redis, checkpoints: Checkpoints, clock: Clock
) -> Transport:
    if settings.transport == "pubsub":
        return PubSubTransport(client, settings.prefixes, clock.monotonic_s)
    known = {prefix: checkpoints.of(prefix) for prefix in settings.prefixes}
    last_read = {prefix: LastRead(at.entry_id, at.run, at.seq) for prefix, at in known.items()}
    folders = {each: SessionFolder(each, settings.sessions_folder) for each in settings.prefixes}
    if settings.transport == "stream":
        return StreamTransport(client, last_read, clock.monotonic_s, folders)
    return AutoTransport(client, last_read, clock, folders)
