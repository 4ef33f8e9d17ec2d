"""Files of whole lines, each with one writer, that survive a full disk and a torn end."""

import contextlib
import errno
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from smartspectra.ipc.storage.disk import Disk, free_name
from smartspectra.ipc.storage.folder_lock import FolderInUse
from smartspectra.ipc.storage.platform_calls import lock_exclusively, read_at
from smartspectra.ipc.storage.stages import Stages

TORN = ".torn"
"""The ending of the file that holds what was cut off the end of another."""

REPLACED = ".replaced"
"""The ending of a file that someone put in the place of one that is being written."""

_READ_BYTES = 1 << 20


_BREAKS = bytes.maketrans(b"\r\n", b"  ")
_SEPARATORS = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]")
"""What some readers take for the end of a line: U+0085, U+2028 and U+2029, in UTF-8."""


def as_line(message: bytes) -> bytes:
    """
    A message as the file has it: as it came, but in one line, whoever reads it.

    Between JSON's tokens a line break means no more than a blank does, and within its texts
    an escaped character means the same as the character.
    """
    if b"\n" in message or b"\r" in message:
        message = message.strip().translate(_BREAKS)
    return message if message.isascii() else _SEPARATORS.sub(_escaped, message)


def _escaped(separator: re.Match[bytes]) -> bytes:
    return rb"\u%04x" % ord(separator[0].decode())


def as_lines(messages: list[bytes]) -> bytes:
    """
    Messages as the file has them, each with its newline.

    Nearly all are fit already, and finding that out for all of them at once is cheap.
    """
    data = b"\n".join(messages) + b"\n"
    if data.count(b"\n") > len(messages) or b"\r" in data or not data.isascii():
        data = b"\n".join(map(as_line, messages)) + b"\n"
    return data


class WriteFailed(OSError):
    """
    The disk took only part of what was given.

    Attributes:
        kept_lines: Lines from the front that are in the file, whole.
    """

    def __init__(self, cause: OSError, kept_lines: int) -> None:
        super().__init__(cause.errno, os.strerror(cause.errno or errno.EIO))
        self.kept_lines = kept_lines


class LineAppender:
    """
    Adds whole lines to the end of an open file, and leaves no part of a line behind.

    Args:
        descriptor: The file, open for appending.
        size_bytes: Where its last whole line ends.
        disk: How it is written.

    Attributes:
        size_bytes: Its size.
    """

    def __init__(self, descriptor: int, size_bytes: int, disk: Disk) -> None:
        self.size_bytes = size_bytes
        self._descriptor = descriptor
        self._disk = disk
        self._write = disk.write
        self._needs_cut = False

    def append(self, data: bytes) -> None:
        """
        Add whole lines with one write.

        Args:
            data: The lines, each with its newline.

        Raises:
            WriteFailed: If the disk did not take all. The file then ends with the last
                whole line that it took, now or before anything else is added.
        """
        done = 0
        try:
            self.cut_half_line()
            done = self._write(self._descriptor, data)
            while done < len(data):
                taken = self._write(self._descriptor, memoryview(data)[done:])
                if taken == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                done += taken
        except OSError as exc:
            kept = data.rfind(b"\n", 0, done) + 1
            self._took(data[:kept])
            if done > kept:
                self._needs_cut = True
                with contextlib.suppress(OSError):
                    self.cut_half_line()
            raise WriteFailed(exc, data.count(b"\n", 0, kept)) from exc
        self._took(data)

    def _took(self, data: bytes) -> None:
        self.size_bytes += len(data)

    def cut_half_line(self) -> None:
        """
        Remove what a failed write has left behind the last whole line.

        Raises:
            OSError: If the disk does not allow it now.
        """
        if self._needs_cut:
            if os.fstat(self._descriptor).st_size > self.size_bytes:  # someone may have emptied it
                self._disk.truncate(self._descriptor, self.size_bytes)
            self._needs_cut = False

    def take_back(self, size_bytes: int) -> None:
        """Remove all lines behind *size_bytes*, now or before anything else is added."""
        self.size_bytes = size_bytes
        self._needs_cut = True
        with contextlib.suppress(OSError):
            self.cut_half_line()

    def close(self) -> None:
        """Close the file, which gives up its lock as well."""
        os.close(self._descriptor)


class AppendOnlyFile(LineAppender):
    """
    An append-only file of lines.

    What a crash left behind the last newline is set aside on opening, to a file of
    its own, so that the next line does not continue a torn one.

    Args:
        path: The file; its folder exists.
        disk: How it is written.
        sound_bytes: How much of it is certainly as it was written, where someone knows. Of
            the rest, all from the first line on that is not sound is set aside as well.
        is_sound: Whether a line can be one that was written.

    Attributes:
        path: The file.
        size_bytes: Its size.
        durable_bytes: How much of that is certainly on the disk.
        torn_bytes: How much was set aside.
        lost_bytes: How much of *sound_bytes* is not there.

    Raises:
        OSError: If it cannot be opened.
        FolderInUse: If another collector writes it.
    """

    def __init__(
        self,
        path: Path,
        disk: Disk,
        sound_bytes: int | None = None,
        is_sound: Callable[[bytes], bool] = bool,
    ) -> None:
        super().__init__(disk.open_to_append(path), 0, disk)
        self.path = path
        self.torn_bytes = 0
        self.lost_bytes = 0
        self.durable_bytes = 0
        self.name_is_durable = False
        self._needs_writing_again = False
        try:
            try:
                lock_exclusively(self._descriptor)
            except BlockingIOError as exc:
                raise FolderInUse(path, None) from exc
            # Some network file systems number a file anew each time that it is looked up.
            self._names_are_certain = os.path.samestat(os.fstat(self._descriptor), path.stat())
            self._set_torn_end_aside(sound_bytes, is_sound)
        except BaseException:
            os.close(self._descriptor)
            raise

    def _set_torn_end_aside(
        self, sound_bytes: int | None, is_sound: Callable[[bytes], bool]
    ) -> None:
        size = os.fstat(self._descriptor).st_size
        self.size_bytes = end_of_last_line(self._descriptor, size)
        if sound_bytes is not None:
            self.size_bytes = self._sound_size(min(sound_bytes, self.size_bytes), is_sound)
            self.lost_bytes = max(0, sound_bytes - self.size_bytes)
        self.torn_bytes = size - self.size_bytes
        if self.torn_bytes:
            set_end_aside(self.path, self.size_bytes, self._disk)

    def _sound_size(self, start: int, is_sound: Callable[[bytes], bool]) -> int:
        """The size up to the first line behind *start* that is not sound."""
        at = start = end_of_last_line(self._descriptor, start)
        for line in self._read_lines(None, start):
            if not is_sound(line):
                break
            at += len(line) + 1
        return at

    def read_lines(self) -> Iterator[bytes]:
        """Every line that is in the file now, without its newline."""
        return self._read_lines(None)

    def _read_lines(self, see: Callable[[bytes], None] | None, start: int = 0) -> Iterator[bytes]:
        rest = b""
        at = start
        while at < self.size_bytes:
            data = read_at(self._descriptor, min(_READ_BYTES, self.size_bytes - at), at)
            if not data:
                break
            at += len(data)
            if see is not None:
                see(data)
            *lines, rest = (rest + data).split(b"\n")
            yield from lines

    def syncing(self) -> Stages:
        """
        Wait until all that was added is on the disk; the file may be closed meanwhile.

        Raises:
            OSError: If the disk cannot say so.
        """
        size = self.size_bytes
        descriptor = os.dup(self._descriptor)
        try:
            if self._needs_writing_again:
                self._write_again(self.durable_bytes, size)
            self._needs_writing_again = True
            yield [descriptor] if self.name_is_durable else [descriptor, self.path.parent]
            self._needs_writing_again = False
        finally:
            os.close(descriptor)
        self.name_is_durable = True
        self.durable_bytes = max(self.durable_bytes, size)

    def distrust_syncs(self) -> None:
        """
        Write all of it again before the next sync, since one before may have failed.

        After a failed sync the system takes what it could not write for written, and the
        next sync succeeds without it. So what it still holds is given to it once more.
        """
        self._needs_writing_again = True

    def _write_again(self, start: int, end: int) -> None:
        descriptor = self._disk.open_within(self.path)
        try:
            if not os.path.samestat(os.fstat(descriptor), os.fstat(self._descriptor)):
                raise OSError(errno.EIO, "the file is not in its place", str(self.path))
            while start < end and (
                data := read_at(descriptor, min(_READ_BYTES, end - start), start)
            ):
                start += self._disk.write_at(descriptor, data, start)
        finally:
            os.close(descriptor)

    @property
    def is_in_place(self) -> bool:
        """Whether its name leads to it, rather than that someone removed, moved or replaced it."""
        mine = os.fstat(self._descriptor)
        try:
            return os.path.samestat(mine, self.path.stat()) or not self._names_are_certain
        except (FileNotFoundError, NotADirectoryError):
            return False

    def restore_if_gone(self) -> str | None:
        """
        Bring the file back to its name if that does not lead to it any more.

        The system still holds its content. What has its name meanwhile is kept beside it.

        Returns:
            What someone did to it, ``removed`` or ``moved``; None if it is in its place.

        Raises:
            OSError: If that cannot be done now.
        """
        if self.is_in_place:
            return None
        self._disk.make_folder(self.path.parent)
        if self.path.exists():
            self._disk.rename(self.path, free_name(self.path, REPLACED))
        has_a_name = os.fstat(self._descriptor).st_nlink > 0
        if not (has_a_name and self._disk.link_open_file(self._descriptor, self.path)):
            self._copy_back()
        self._disk.sync_folder(self.path.parent)
        return "moved" if has_a_name else "removed"

    def _copy_back(self) -> None:
        descriptor = self._disk.open_to_append(self.path)
        try:
            lock_exclusively(descriptor)
            self._disk.truncate(descriptor, 0)
            self._disk.copy_all(descriptor, self._descriptor, 0, self.size_bytes)
            self._disk.sync(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(self._descriptor)
        self._descriptor = descriptor
        self._needs_cut = False

    def take_back(self, size_bytes: int) -> None:
        """Remove all lines behind *size_bytes*, now or before anything else is added."""
        super().take_back(size_bytes)
        self.durable_bytes = min(self.durable_bytes, size_bytes)


def set_end_aside(path: Path, size_bytes: int, disk: Disk) -> None:
    """
    Move what a file holds behind *size_bytes* to the end of another, ``*.torn``.

    Raises:
        OSError: If that cannot be done now; nothing is lost then.
    """
    aside = disk.open_to_append(path.with_name(path.name + TORN))
    try:
        cut = disk.open_to_append(path)
        try:
            disk.copy_all(aside, cut, size_bytes, os.fstat(cut).st_size)
            disk.write_all(aside, b"\n")
            disk.sync(aside)
            disk.truncate(cut, size_bytes)
        finally:
            os.close(cut)
    finally:
        os.close(aside)


def end_of_last_line(descriptor: int, size: int) -> int:
    """The offset behind the last newline of an open file of *size* bytes."""
    end = size
    while end > 0:
        start = max(0, end - _READ_BYTES)
        block = read_at(descriptor, end - start, start)
        newline = block.rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
