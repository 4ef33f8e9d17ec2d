"""The collector, joined from its parts by `build`."""

import json
import logging
import threading
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import redis

from services.collector.beating_disk import BeatingDisk
from services.collector.camera import Camera
from services.collector.positions import Positions
from services.collector.recorder import Recorder
from services.collector.runs import RunPlace
from services.collector.settings import Settings
from services.collector.transport.base import Arrival, Transport
from services.collector.transport.choice import AutoTransport
from services.collector.transport.places import LastRead
from services.collector.transport.pubsub import PubSubTransport
from services.collector.transport.stream import StreamTransport
from smartspectra.ipc.background import Lane
from smartspectra.ipc.disk import patience
from smartspectra.ipc.lock import FolderLock
from smartspectra.ipc.options import StorageOptions
from vitalrig import keys
from vitalrig.beats import Beats
from vitalrig.bus import AWAY, connect
from vitalrig.clock import Clock, SystemClock
from vitalrig.errors import CannotStart, Unavailable
from vitalrig.service import Pulse
from vitalrig.version import VERSION

log = logging.getLogger(__name__)

REPORT_EVERY_S = 1.0
TICK_EVERY_S = 0.05
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 2.0


class Collector:
    """
    Takes what arrives for all cameras, until told to stop; then finishes the open files.

    Args:
        transport: How envelopes arrive.
        cameras: Whom they belong to, by prefix.
        positions: How far each camera is in files; saved about once a second.
        client: Redis, for reports.
        beats: Where heartbeats go.
        pulse: Told that the loop turns.
        clock: What tells the time.
        saver: Saves positions, beside the loop.
        lock: Keeps other collectors from the folder; released at the end.
    """

    def __init__(
        self,
        transport: Transport,
        cameras: Mapping[str, Camera],
        positions: Positions,
        client: redis.Redis,
        beats: Beats,
        pulse: Pulse,
        clock: Clock,
        saver: Lane,
        lock: FolderLock | None = None,
    ) -> None:
        self._lock = lock
        self._saver = saver
        self._transport = transport
        self._cameras = cameras
        self._positions = positions
        self._client = client
        self.beats = beats
        self._pulse = pulse
        self._clock = clock
        self._reported_at_s = self._ticked_at_s = float("-inf")
        self._away_since_s: float | None = None
        self._attempts = 0
        for name in ("backend_disconnects", "backend_away_seconds"):
            beats.count(name, 0)

    def run(self, stop: threading.Event) -> None:
        """
        Collect until *stop* is set.
        """
        self._pulse.health.ready()
        log.info("collector ready", extra={"cameras": list(self._cameras), "version": VERSION})
        try:
            while not stop.is_set():
                self._turn(stop)
        finally:
            self._close()
            if self._lock is not None:
                self._lock.release()

    def _close(self) -> None:
        """
        Finish all files together, then save where they end.
        """
        for camera in self._cameras.values():
            camera.recorder.begin_close()
        for camera in self._cameras.values():
            self._pulse.beat()
            camera.recorder.close()
        self._saver.wait()
        self._positions.save()

    def _turn(self, stop: threading.Event) -> None:
        self._pulse.beat()
        # Not amid what was read: what comes again must not come before what is still here.
        for prefix, camera in self._cameras.items():
            if (after := camera.again()) is not None:
                self._transport.rewind(prefix, after)
        for prefix, arrivals in groupby(self._read(stop), key=lambda arrival: arrival.prefix):
            self._cameras[prefix].take(list(arrivals))
            self._look_around()
        self._look_around()

    def _look_around(self) -> None:
        """
        Do what is due, however long it takes to take all that came.
        """
        self._pulse.beat()
        now_s = self._clock.monotonic_s()
        if now_s - self._ticked_at_s >= TICK_EVERY_S:
            for camera in self._cameras.values():
                camera.tick()
            self._ticked_at_s = self._clock.monotonic_s()
        self._report()

    def _read(self, stop: threading.Event) -> Sequence[Arrival]:
        try:
            arrivals = self._transport.read()
        except Unavailable as exc:
            self._away(exc)
            stop.wait(min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**self._attempts))
            self._attempts += 1
            return ()
        self._back()
        return arrivals

    def _away(self, error: Unavailable) -> None:
        self._pulse.health.fail("redis", str(error))
        if self._away_since_s is None:
            self._away_since_s = self._clock.monotonic_s()
            self.beats.count("backend_disconnects")
            log.warning("Redis is away", extra={"why": str(error)})

    def _back(self) -> None:
        self._pulse.health.ok("redis")
        self._attempts = 0
        if self._away_since_s is not None:
            away_s = self._clock.monotonic_s() - self._away_since_s
            self._away_since_s = None
            self.beats.count("backend_away_seconds", away_s)
            log.info("Redis is back", extra={"away_s": round(away_s, 3)})

    def _report(self) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._reported_at_s < REPORT_EVERY_S:
            return
        self._reported_at_s = now_s
        if not self._positions.is_saved and not self._saver.busy:
            self._saver.submit(self._positions.saving())
        troubles = [
            f"{prefix}: {camera.recorder.trouble}"
            for prefix, camera in self._cameras.items()
            if camera.recorder.trouble is not None
        ]
        self._pulse.health.set("recording", "; ".join(troubles) or None)
        if self._away_since_s is None:
            self._tell_redis()

    def _tell_redis(self) -> None:
        try:
            pipe = self._client.pipeline(transaction=False)
            for prefix, camera in self._cameras.items():
                pipe.publish(f"{keys.CAMERAS}{prefix}", json.dumps(camera.document()))
            pipe.publish(f"{keys.HEARTBEATS}{self.beats.key}", json.dumps(self.beats.report()))
            pipe.execute()
        except AWAY as exc:
            log.debug("report not delivered", extra={"why": str(exc)})


def build(settings: Settings, pulse: Pulse, clock: Clock | None = None) -> Collector:
    """
    Join the parts.

    Args:
        settings: What the collector was told.
        pulse: Told that the loop turns.
        clock: What tells the time; the machine's clock by default.

    Raises:
        BadSettings: If the password file cannot be read.
        CannotStart: If the sessions folder cannot be used, or another collector uses it.
    """
    clock = clock or SystemClock()
    beats = Beats("collector", clock=clock)
    storage = StorageOptions(
        fsync=settings.fsync,
        fsync_interval_s=settings.fsync_interval_s,
        snapshot_interval_s=settings.snapshot_interval_s,
        software_version=f"vitalrig {VERSION}",
        clock=clock.monotonic_s,
        wall_clock=lambda: clock.wall_us() / 1_000_000,
        wait=False,
        disk=BeatingDisk(beats, clock),
    )
    lock = None
    try:
        settings.sessions_folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(settings.sessions_folder)
        positions = Positions(settings.sessions_folder, storage.disk)
        cameras = {
            prefix: _camera(prefix, settings, positions, storage, beats, clock)
            for prefix in settings.prefixes
        }
    except OSError as exc:
        if lock is not None:
            lock.release()
        raise CannotStart(f"{settings.sessions_folder} cannot be used: {exc}") from exc
    client = connect(settings)
    return Collector(
        transport=_transport(settings, positions, clock),
        cameras=cameras,
        positions=positions,
        client=client,
        beats=beats,
        pulse=pulse,
        clock=clock,
        saver=Lane(storage.background.syncs, storage.disk, "saving positions"),
        lock=lock,
    )


def _lock(sessions_folder: Path) -> FolderLock | None:
    """
    Keep other collectors from the folder: positions and sessions have one writer.

    Raises:
        FolderInUse: If another collector is there.
        OSError: If the folder cannot be used, for reasons that will not pass.
    """
    with patience("lock", sessions_folder):
        return FolderLock.take(sessions_folder / "collector")
    return None


def _camera(
    prefix: str,
    settings: Settings,
    positions: Positions,
    storage: StorageOptions,
    beats: Beats,
    clock: Clock,
) -> Camera:
    recorder = Recorder(prefix, settings, positions, storage)
    position = positions.of(prefix)
    place = RunPlace(
        position.run,
        {position.run: position.seq} if position.run else {},
        recorder.recording,
        position.entry_id,
    )
    return Camera(prefix, recorder, place, beats, clock)


def _transport(settings: Settings, positions: Positions, clock: Clock) -> Transport:
    client = connect(settings)
    if settings.transport == "pubsub":
        return PubSubTransport(client, settings.prefixes)
    known = {prefix: positions.of(prefix) for prefix in settings.prefixes}
    last_read = {prefix: LastRead(at.entry_id, at.run, at.seq) for prefix, at in known.items()}
    if settings.transport == "stream":
        return StreamTransport(client, last_read)
    return AutoTransport(client, last_read, clock)
