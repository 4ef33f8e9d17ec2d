"""Finished sessions without a server: made in one go, the same bytes each time."""

import json
import math
import os
import subprocess
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import cast

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.session_paths import SessionPaths, check_session_id
from smartspectra.ipc.storage.stages import SyncTarget
from vitalrig.clock import ManualClock
from vitalrig.errors import BadSettings, CannotStart
from vitalrig.installation import command_of, scenario_path
from vitalrig.testing.session import Session
from vitalrig.version import VERSION

STARTED_US = 1_767_225_600_000_000
"""When every such session begins: 2026-01-01T00:00:00Z, in microseconds since 1970."""

_LEAN = {"PYDANTIC_DISABLE_PLUGINS": "__all__", "OPENBLAS_NUM_THREADS": "1"}
"""Looking for plug-ins, and starting threads that are not needed, would be a tenth of its time."""

_READ_BYTES = 1 << 18
"""How much a pipe holds: with less the one waits for the other more often."""
_BAD_SETTINGS = 2
"""The exit status of a maker that cannot do what it was told."""


def make_session(
    folder: Path | str,
    scenario: Path | str = "",
    *,
    seconds: float = 60,
    seed: int = 1,
    fps: float = 30,
    pulse_rate: float = 72,
    breathing_rate: float = 15,
    session: str = "",
) -> Session:
    """
    Make the files of a finished session, without a server and without Redis.

    The parts are those of a rig: its synthetic person, its scenario, its signal processing, its
    session writer. The clock stands for itself, so the same arguments give the same bytes in
    every file, on every day. The session begins at :data:`STARTED_US` and is *seconds* long. A
    scenario that is shorter goes on with nothing more happening, one that is longer is cut, one
    that loops goes on. Recordings of a scenario are left out, since the session is one from its
    beginning to its end; it goes on through a restart, behind which every warm-up begins again.

    Args:
        folder: Where the files are put; it is made if it is not there.
        scenario: What happens: the name of a shipped one, such as ``apnea``, or a path.
        seconds: How long the session is.
        seed: Which person, and every random choice; it goes before a scenario's own.
        fps: Frames a second.
        pulse_rate: Beats per minute, unless the scenario says it.
        breathing_rate: Breaths per minute, unless the scenario says it.
        session: Its name; by default made of scenario, seed and length.

    Raises:
        BadSettings: If an argument cannot work; for an unknown scenario with the nearest name.
        CannotStart: If the folder holds a session of that name, or the program that makes it
            cannot be run.
        OSError: If the files cannot be written.
    """
    path = scenario_path(scenario) if scenario else None
    name = session or f"{path.stem if path else 'rest'}_seed{seed}_{seconds:g}s"
    if not (math.isfinite(seconds) and seconds > 0):
        raise BadSettings(f"seconds is {seconds}: a session is longer than 0 s")
    try:
        paths = SessionPaths.in_folder(Path(folder)).for_session(check_session_id(name))
    except ValueError as exc:
        raise BadSettings(f"session: {exc}") from exc
    if paths.exist():
        raise CannotStart(f"{folder} holds a session {name} already; give another folder or name")
    order = {
        "session": name,
        "started_us": STARTED_US,
        "seconds": seconds,
        "seed": seed,
        "fps": fps,
        "pulse_rate": pulse_rate,
        "breathing_rate": breathing_rate,
        "scenario": str(path.absolute()) if path else "",
        "version": VERSION,
    }
    try:
        published = _write(Path(folder), seconds, order)
    except BaseException:
        for made in paths.by_kind().values():
            made.unlink(missing_ok=True)
        raise
    assert paths.jsonl is not None
    return Session(paths.jsonl, published=published)


def _write(folder: Path, seconds: float, order: dict[str, object]) -> int:
    """Have the envelopes made, and record them; gives how many there were."""
    with subprocess.Popen(  # noqa: S603 - our own program
        command_of("physiology_server.offline", json.dumps(order)),
        env={**os.environ, **_LEAN},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pipesize=_READ_BYTES,
    ) as maker:
        assert maker.stdout is not None
        assert maker.stderr is not None
        try:
            recording = _Recording(folder)
            for lines in _batches(cast(BufferedReader, maker.stdout)):
                recording.take(lines)
            error = maker.stderr.read().decode(errors="replace").strip()
            status = maker.wait()
        finally:
            maker.kill()
        if status == _BAD_SETTINGS:
            raise BadSettings(error)
        if status:
            raise CannotStart(f"no session was made: the program ended with {status}: {error}")
        return recording.finish(seconds)


class _UnsyncedDisk(Disk):
    """What a test has made need not outlive a power cut, and a test does not wait for a disk."""

    def sync_all(self, targets: Sequence[SyncTarget]) -> list[OSError | None]:
        """
        Wait for nothing.
        """
        return [None] * len(targets)

    def sync(self, descriptor: int) -> None:
        """
        Wait for nothing.
        """

    def sync_folder(self, folder: Path) -> None:
        """
        Wait for nothing.
        """


class _Recording:
    """The session's files while they are written, by a clock that stands still until the end."""

    def __init__(self, folder: Path) -> None:
        self._clock = clock = ManualClock(STARTED_US)
        base = SessionPaths.in_folder(folder)
        self._collector = MetricsCollector(
            MetricsCollectorConfig(output_jsonl_path=base.jsonl, output_json_path=base.summary),
            StorageOptions(
                fsync="never",
                lock=False,
                recover=False,
                software_version=f"vitalrig {VERSION}",
                disk=_UnsyncedDisk(),
                clock=clock.monotonic_s,
                wall_clock=lambda: clock.wall_us() / 1e6,
            ),
        )
        self._collector.start()
        self._last: list[bytes] = []
        self._taken = 0

    def take(self, lines: list[bytes]) -> None:
        """
        Record envelopes; the last one waits until it is known whether it is the stop.
        """
        self._collector.process_envelopes(self._last + lines[:-1])
        self._last = lines[-1:]
        self._taken += len(lines)

    def finish(self, seconds: float) -> int:
        """
        Record the stop, *seconds* after the start; gives how many envelopes there were.
        """
        self._clock.advance(seconds)
        self._collector.process_envelopes(self._last)
        self._collector.stop()
        return self._taken


def _batches(envelopes: BufferedReader) -> Iterator[list[bytes]]:
    rest = b""
    while block := envelopes.read1(_READ_BYTES):
        *lines, rest = (rest + block).split(b"\n")
        if lines:
            yield lines
