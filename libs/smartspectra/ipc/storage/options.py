"""How a collector keeps its files: beyond the documented configuration."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.worker import SHARED, Background

UNDERSTAND_BYTES = 32 * 1024
"""Envelopes wait to be understood together until they were so long as text."""

FsyncPolicy = Literal["always", "interval", "never"]


def _tell_nobody(_manifest: Mapping[str, Any]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class StorageOptions:
    """
    What the vendor's configuration has no fields for.

    Attributes:
        fsync: ``always`` waits for the disk at every write, ``interval`` has it done
            beside the recording every so often, ``never`` leaves it to the system.
            Files are synced at the end of a session in every case.
        fsync_interval_s: The most seconds of recording that a power cut may cost
            under ``interval``.
        snapshot_interval_s: Seconds between snapshots while recording.
        lock: Refuse to start while another collector has the same base path.
        spill: Keep columns as text on the disk rather than in memory. Has no effect
            without a summary path or with ``max_samples_per_series``.
        understand_bytes: Envelopes wait as documents to be understood together until they were so
            long as text; of many sessions at a time each may have less. A document takes seven
            times as much memory as its text.
        keep_summary_stem: Name a session's summary after all of the summary's base path,
            ``metrics_summary_<id>.json`` after ``metrics_summary.json``. By default a
            ``_summary`` at its end is left out: ``metrics_<id>.json``.
        recover: Finish at start the sessions that a crash left open.
        software_version: Stands in every manifest.
        clock: Seconds of a clock that only goes forward.
        wall_clock: Seconds since 1970.
        wait: Whether the beginning and the end of a session wait for the disk, and ``always``
            does at every write. Without, all that is done beside the recording: call
            ``tick`` often, and ask ``durable_position`` and ``finishing`` how far it is.
        disk: How files are written.
        finished: Told of each session whose files are finished, from any thread: its manifest.
        background: What does beside the recording what takes long; shared by all
            collectors of the process.
    """

    fsync: FsyncPolicy = "interval"
    fsync_interval_s: float = 1.0
    snapshot_interval_s: float = 30.0
    lock: bool = True
    spill: bool = True
    understand_bytes: int = UNDERSTAND_BYTES
    keep_summary_stem: bool = False
    recover: bool = True
    software_version: str = ""
    clock: Callable[[], float] = time.monotonic
    wall_clock: Callable[[], float] = time.time
    wait: bool = True
    disk: Disk = field(default_factory=Disk)
    finished: Callable[[Mapping[str, Any]], None] = _tell_nobody
    background: Background = SHARED
