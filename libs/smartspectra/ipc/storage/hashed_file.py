"""A file of lines that knows the hash of all that was written to it."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from smartspectra.ipc.storage.append_file import AppendOnlyFile
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.platform_calls import forget_cached


class HashedFile(AppendOnlyFile):
    """
    An append-only file whose lines are hashed as they are added; none is taken back.

    Its arguments and errors are those of :class:`AppendOnlyFile`.
    """

    def __init__(
        self,
        path: Path,
        disk: Disk,
        sound_bytes: int | None = None,
        is_sound: Callable[[bytes], bool] = bool,
    ) -> None:
        self._sha256 = hashlib.sha256()
        super().__init__(path, disk, sound_bytes, is_sound)

    def read_lines_first(self) -> Iterator[bytes]:
        """
        Every line that was in the file when it was opened, without its newline.

        This brings the hash up to date, so it is done once, before writing.
        """
        return self._read_lines(self._sha256.update)

    def is_as_written(self) -> bool:
        """
        Read all of it back, from the disk where the system allows, and compare the hash.

        Raises:
            OSError: If it cannot be read.
        """
        forget_cached(self._descriptor)
        found = hashlib.sha256()
        for _ in self._read_lines(found.update):
            pass
        return found.digest() == self._sha256.digest()

    @property
    def sha256(self) -> str:
        """The hash of all lines, as hexadecimal digits."""
        return self._sha256.hexdigest()

    def _took(self, data: bytes) -> None:
        super()._took(data)
        self._sha256.update(data)
