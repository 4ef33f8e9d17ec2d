"""The files that events are added to: one of the site for each day, and one of each run."""

from collections.abc import Iterable
from pathlib import Path

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import Stages, finish_now, together

SITE_PREFIX = "site_"
ENDING = ".ndjson"


def site_file(site_dir: Path, day: str) -> Path:
    """
    Give the file of the site for a day, YYYYMMDD.
    """
    return site_dir / f"{SITE_PREFIX}{day}{ENDING}"


class LogFiles:
    """
    The files that are open. Only the log's thread uses it, but for `syncing`.

    Args:
        disk: How they are written.
    """

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._open: dict[Path, AppendOnlyFile] = {}

    def open(self, path: Path) -> AppendOnlyFile:
        """
        Give the file at *path*, at its place, and open it if it is not.

        Raises:
            OSError: If that cannot be done now.
        """
        file = self._open.get(path)
        if file is None:
            self._disk.make_folder(path.parent)
            file = self._open[path] = AppendOnlyFile(path, self._disk)
        else:
            file.restore_if_gone()
        return file

    def cut_leftovers(self) -> None:
        """
        Remove what should have been taken back and could not.

        Raises:
            OSError: If that cannot be done now either.
        """
        for file in self._open.values():
            file.cut_half_line()

    def sync(self, files: Iterable[AppendOnlyFile]) -> None:
        """
        Wait until all that was added to *files* is on the disk.

        Raises:
            OSError: If the disk cannot say so.
        """
        finish_now(together(*(file.syncing() for file in files)), self._disk)

    def syncing(self) -> Stages:
        """
        Wait, in any thread, until all that was added is on the disk.

        Raises:
            OSError: If the disk cannot say so.
        """
        files = [each for each in tuple(self._open.values()) if not is_synced(each)]
        return together(*(file.syncing() for file in files))

    @property
    def is_synced(self) -> bool:
        """Whether all that was added is on the disk."""
        return all(map(is_synced, tuple(self._open.values())))

    def close_all_but(self, wanted: Iterable[Path], *, unsynced: bool = False) -> None:
        """
        Close the files that nobody adds to, once they are on the disk.

        Args:
            wanted: Those that stay open.
            unsynced: Close also what is not on the disk.
        """
        for path in set(self._open) - set(wanted):
            if unsynced or is_synced(self._open[path]):
                self._open.pop(path).close()

    def paths(self) -> set[Path]:
        """
        Give what is open.
        """
        return set(self._open)


def is_synced(file: AppendOnlyFile) -> bool:
    """
    Tell whether all of a file is on the disk.
    """
    return file.name_is_durable and file.durable_bytes >= file.size_bytes
