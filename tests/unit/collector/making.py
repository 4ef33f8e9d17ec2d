"""One camera's recorder in a folder, with a disk that fails and restarts at bad moments."""

import errno
import json
import os
from pathlib import Path

from services.collector.checkpoints import FILE_NAME, Checkpoints
from services.collector.recorder import Recorder
from services.collector.recording_events import RecordingEvents
from services.collector.settings import Settings
from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entry_ids import order_of
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.options import StorageOptions
from tests.support.running import load
from tests.unit.ipc.making import START_US, ManualClock, document, lines, recording
from vitalrig.clock import SystemClock
from vitalrig.events import NO_EVENTS, Emitter

START = recording(True, session_id="x")
STOP = recording(False, START_US + 1)


def unsaid(events: Emitter = NO_EVENTS) -> RecordingEvents:
    """What a camera's parts need to say what happens, to nobody or to *events*."""
    return RecordingEvents(events, "physiology", SystemClock())


class ReadOnlyDisk(Disk):
    """Refuses to write while it is read-only; waits for nothing."""

    read_only = False

    def _check(self) -> None:
        if self.read_only:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        self._check()
        return super().write(descriptor, data)

    def open_to_append(self, path: Path) -> int:
        self._check()
        return super().open_to_append(path)

    def open_anew(self, path: Path) -> int:
        self._check()
        return super().open_anew(path)

    def sync(self, descriptor: int) -> None:
        self._check()

    def sync_folder(self, folder: Path) -> None:
        self._check()


class Rig:
    """A recorder in a folder; `restart` is what a crash and a new start amount to."""

    def __init__(self, folder: Path, *, stream: bool = True) -> None:
        self.folder = folder
        self.clock = ManualClock()
        self.disk = ReadOnlyDisk()
        self._stream = stream
        self._settings = load(Settings, sessions_folder=folder)
        folder.mkdir(exist_ok=True)
        self.start()

    def start(self) -> None:
        self.positions = Checkpoints(self.folder)
        options = StorageOptions(disk=self.disk, clock=self.clock, fsync="always", lock=False)
        self.recorder = Recorder("physiology", self._settings, self.positions, options, unsaid())

    def restart(self) -> None:
        if (session := self.recorder.collector._sessions.named) is not None:
            session.abandon()
        self.start()

    def restart_with(self, positions: str) -> None:
        """Crash, and let someone write *positions* into their file before the new start."""
        self.recorder.collector._sessions.named.abandon()
        (self.folder / FILE_NAME).write_text(positions)
        self.start()

    def arrivals(self, *envelopes: bytes, first: int = 1, **more) -> list[ReceivedEnvelope]:
        return [
            ReceivedEnvelope(
                "physiology",
                json.loads(envelope)["type"] if envelope != b"{" else "edge_metrics",
                envelope,
                entry_id=f"5-{number}" if self._stream else "",
                run="run" if self._stream else "",
                seq=number if self._stream else 0,
                **more,
            )
            for number, envelope in enumerate(envelopes, first)
        ]

    def behind_position(self, arrivals: list[ReceivedEnvelope]) -> list[ReceivedEnvelope]:
        """What a stream gives a collector that starts."""
        position = self.positions.of("physiology")
        return [
            each
            for each in arrivals
            if order_of(each.entry_id) > order_of(position.entry_id or "0-0")
        ]

    def later(self) -> None:
        self.clock.advance(10.0)
        self.recorder.tick()

    @property
    def lines(self) -> list[bytes]:
        return lines(self.folder / "metrics_x.jsonl")

    @property
    def manifest(self) -> dict:
        return document(self.folder / "metrics_x_manifest.json")
