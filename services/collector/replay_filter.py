"""Lines of a session's file that are ahead of the position: the stream may give them again."""

import hashlib
from collections import Counter, deque
from itertools import islice, takewhile
from pathlib import Path

from smartspectra.ipc.storage.append_file import as_line
from smartspectra.ipc.wire.envelope import is_envelope


class ReplayFilter:
    """
    What a file holds beyond some place, each line to be recognised once.

    Only digests are kept: after a mishap this may be a day's recording.
    """

    def __init__(self) -> None:
        self._digests: Counter[bytes] = Counter()
        self._order: deque[bytes] = deque()
        self._settled: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return self._digests.total()

    def read(self, path: Path, start_bytes: int, *later: Path, are_settled: bool = False) -> None:
        """
        Take the whole lines of *path* from *start_bytes* on, up to the first that is torn.

        Then those of *later* files, in which the recording went on.

        A power cut may tear one in the middle, with good ones behind it. Whoever opens the file to
        go on sets aside all from there on, and all of it has to come again.

        Args:
            path: A file of the session.
            start_bytes: Where in it to begin.
            later: The files of later parts.
            are_settled: What is missing from all files but the last is counted already.

        Raises:
            OSError: If it cannot be read.
        """
        order, settled = deque[bytes](), 0
        for each, start in ((path, start_bytes), *((each, 0) for each in later)):
            settled = len(order) + 1  # the line that a file took no more is the next one's first
            with each.open("rb") as file:
                file.seek(start)
                order.extend(_digest(line[:-1]) for line in takewhile(_is_whole, file))
        self._order, self._digests = order, Counter(order)
        self._settled = Counter(islice(order, settled if later and are_settled else 0))

    def is_settled(self, envelope: bytes) -> bool:
        """
        Whether what is missing before *envelope* was counted when it was written.
        """
        return self._settled[_digest(as_line(envelope))] > 0 if self._settled else False

    def take(self, envelope: bytes) -> bool:
        """
        Whether *envelope* is one of them, which is then one fewer.
        """
        if not self._digests:
            return False
        digest = _digest(as_line(envelope))
        if not self._digests[digest]:
            return False
        self._consume(digest)
        return True

    def forget_before(self, envelope: bytes) -> int:
        """
        Forget what the file holds before *envelope*, all if it is not there: it does not come.

        Returns:
            How many lines that were. They came once, from a stream that has lost them since.
        """
        digest = _digest(as_line(envelope))
        forgotten = 0
        while self._order and not (self._order[0] == digest and self._digests[digest]):
            oldest = self._order.popleft()
            if self._digests[oldest]:
                self._consume(oldest)
                forgotten += 1
        return forgotten

    def _consume(self, digest: bytes) -> None:
        self._digests[digest] -= 1
        if self._settled[digest]:
            self._settled[digest] -= 1

    def clear(self) -> None:
        """
        Forget them: the stream has come to what the file does not hold.
        """
        self._digests.clear()
        self._order.clear()
        self._settled.clear()


def place_of(envelope: bytes, path: Path) -> int | None:
    """
    Where in *path* the line of *envelope* begins, in bytes; None if it is not there.

    Raises:
        OSError: If the file is there and cannot be read.
    """
    wanted = as_line(envelope) + b"\n"
    start_bytes = 0
    try:
        with path.open("rb") as file:
            for line in file:
                if line == wanted:
                    return start_bytes
                start_bytes += len(line)
    except FileNotFoundError:
        pass
    return None


def last_line_of(path: Path) -> bytes:
    """
    Give the last whole line of *path* without its newline; empty if there is none.

    Raises:
        OSError: If it cannot be read.
    """
    last = b""
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n"):
                last = line
    return last[:-1]


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n") and is_envelope(line)


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line, digest_size=16).digest()
