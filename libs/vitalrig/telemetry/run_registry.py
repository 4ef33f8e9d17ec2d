"""The runs: those that go on, and the file that lists all there ever were."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import finish_now
from vitalrig.telemetry.current_view import CurrentView
from vitalrig.telemetry.event_line import ENCODER, parsed
from vitalrig.telemetry.run_folders import RUN_FILE

RUNS_FILE = "runs.jsonl"
"""A line for each start and each end of a run."""

Kind = Literal["client", "recording"]


@dataclass(eq=False)
class Run:
    """
    A run, going on or over.

    Attributes:
        number: Its place in the list of all runs, from 1; ids may repeat.
        kind: `client` if it was asked for, `recording` if it is a recording's.
        run_dir: The folder that holds its events, as it was asked for.
        run_id: Its name.
        meta: What is known of it.
        started_at: When it began, in UTC.
        after_seq: The last number before it.
        cameras: The cameras that are recorded under its name; none for a client's run.
        stopped_at: When it ended; None while it goes on.
        last_seq: The last number of its time; None while it goes on.
        path: The file that holds its events.
        view: What is current in it.
        bare_meta_json: The meta of an event that has none of its own, as JSON.
    """

    number: int
    kind: Kind
    run_dir: Path
    run_id: str
    meta: dict[str, Any]
    started_at: str
    after_seq: int
    cameras: tuple[str, ...] = ()
    stopped_at: str | None = None
    last_seq: int | None = None
    view: CurrentView = field(default_factory=CurrentView, repr=False)

    def __post_init__(self) -> None:
        self.bare_meta_json = ENCODER.encode({"run_id": self.run_id})
        # Resolved, so that each file has one name, however its folder was asked for.
        self.path = self.run_dir.resolve() / RUN_FILE

    def as_dict(self) -> dict[str, Any]:
        """
        Give what PANOPTES's API tells of a run.
        """
        return {
            "run_dir": str(self.run_dir),
            "run_id": self.run_id,
            "meta": dict(self.meta),
            "started_at": self.started_at,
        }

    def in_full(self) -> dict[str, Any]:
        """
        Give all that is known of it.
        """
        return self.as_dict() | {
            "number": self.number,
            "kind": self.kind,
            "cameras": list(self.cameras),
            "stopped_at": self.stopped_at,
            "after_seq": self.after_seq,
            "last_seq": self.last_seq,
        }


class RunRegistry:
    """
    Runs by who began them: at most one of a client, and any number of recordings.

    Only the log's thread changes it. What readers take from it is replaced, never changed.

    Args:
        site_dir: The site folder.
        disk: How the list is written.
        runs: What is in the list.
        syncs: Whether each change waits for the disk.

    Attributes:
        client: The client's run.
        recordings: The recordings, the oldest first.

    Raises:
        OSError: If the list cannot be opened.
    """

    def __init__(
        self, site_dir: Path, disk: Disk, runs: Sequence[Run] = (), *, syncs: bool = True
    ) -> None:
        self._site_dir = site_dir
        self._disk = disk
        self._syncs = syncs
        self._file = AppendOnlyFile(site_dir / RUNS_FILE, disk)
        self.client: Run | None = None
        self.recordings: tuple[Run, ...] = ()
        self._count = 0
        for run in runs:
            self._count = run.number
            if run.stopped_at is None:
                self._enter(run)

    @property
    def active(self) -> tuple[Run, ...]:
        """All that go on: recordings first, the client's last."""
        return self.recordings if self.client is None else (*self.recordings, self.client)

    @property
    def shown(self) -> Run | None:
        """The client's run, else the only recording."""
        if self.client is None and len(self.recordings) == 1:
            return self.recordings[0]
        return self.client

    def recording(self, run_id: object) -> Run | None:
        """
        Give a recording that goes on by its name, the newest if several have it.
        """
        return next((run for run in reversed(self.recordings) if run.run_id == run_id), None)

    def start(
        self, kind: Kind, run_dir: Path, run_id: str, meta: dict[str, Any], started_at: str,
        after_seq: int, cameras: tuple[str, ...] = (),
    ) -> Run:  # fmt: skip
        """
        Begin a run; its folder is there.

        Raises:
            OSError: If it cannot be written down; it has not begun then.
        """
        number = self._count + 1
        run = Run(number, kind, run_dir, run_id, meta, started_at, after_seq, cameras)
        self._write(
            {"run": number, "change": "started", "kind": kind, "run_id": run_id}
            | {"run_dir": self._stored(run_dir), "meta": meta, "cameras": list(cameras)}
            | {"at": started_at, "seq": after_seq}
        )
        self._count = number
        self._enter(run)
        return run

    def join(self, run: Run, camera: str) -> None:
        """
        Have one more camera recorded under a run's name.

        Raises:
            OSError: If it cannot be written down; nothing is changed then.
        """
        self._write({"run": run.number, "change": "joined", "camera": camera})
        run.cameras = (*run.cameras, camera)

    def stop(self, run: Run, stopped_at: str, last_seq: int) -> None:
        """
        End a run.

        Raises:
            OSError: If it cannot be written down; it goes on then.
        """
        self._write({"run": run.number, "change": "stopped", "at": stopped_at, "seq": last_seq})
        run.stopped_at, run.last_seq = stopped_at, last_seq
        if run is self.client:
            self.client = None
        self.recordings = tuple(each for each in self.recordings if each is not run)

    def close(self) -> None:
        """Close the list."""
        self._file.close()

    def _enter(self, run: Run) -> None:
        if run.kind == "client":
            self.client = run
        else:
            self.recordings = (*self.recordings, run)

    def _write(self, change: dict[str, Any]) -> None:
        size_bytes = self._file.size_bytes
        self._file.restore_if_gone()
        self._file.append(f"{ENCODER.encode(change)}\n".encode("ascii"))
        if self._syncs:
            try:
                finish_now(self._file.syncing(), self._disk)
            except OSError:
                self._file.take_back(size_bytes)
                raise

    def _stored(self, run_dir: Path) -> str:
        inside = run_dir.is_relative_to(self._site_dir)
        return str(run_dir.relative_to(self._site_dir) if inside else run_dir.absolute())


def read_runs(site_dir: Path) -> list[Run]:
    """
    Give all runs there ever were, the oldest first.

    Raises:
        OSError: If the list is there and cannot be read.
    """
    runs: dict[int, Run] = {}
    for change in _changes(site_dir / RUNS_FILE):
        with contextlib.suppress(KeyError, TypeError):  # someone wrote in the list
            match change["change"]:
                case "started":
                    runs[change["run"]] = _run(site_dir, change)
                case "joined":
                    runs[change["run"]].cameras += (change["camera"],)
                case "stopped":
                    run = runs[change["run"]]
                    run.stopped_at, run.last_seq = change["at"], change["seq"]
    return list(runs.values())


def _changes(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        with path.open("rb") as file:
            for line in file:
                if line.endswith(b"\n") and (change := parsed(line)) is not None:
                    yield change


def _run(site_dir: Path, start: dict[str, Any]) -> Run:
    return Run(
        number=start["run"],
        kind=start["kind"],
        run_dir=site_dir / start["run_dir"],
        run_id=start["run_id"],
        meta=start["meta"],
        started_at=start["at"],
        after_seq=start["seq"],
        cameras=tuple(start["cameras"]),
    )
