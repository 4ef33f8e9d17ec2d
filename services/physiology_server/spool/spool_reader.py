"""Reads envelopes of the spool in their order, from where it was left."""

from typing import BinaryIO

from services.physiology_server.envelopes import Numbered
from services.physiology_server.spool.segments import Segment, Segments
from services.physiology_server.spool.spool_lines import RunState, parse, parse_envelope


class SpoolReader:
    """
    Goes through the files once, from the oldest to the newest, while they grow and go.

    Args:
        segments: The files.
    """

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._file: BinaryIO | None = None
        self._first = -1
        self._run = ""
        self._held: Numbered | None = None

    def read(self, start: int, before: int, at_most: int) -> list[Numbered]:
        """
        Give envelopes from the place *start* on, which rises from call to call.

        Args:
            start: The first place that is wanted.
            before: The first place that is not.
            at_most: How many are wanted.

        Raises:
            OSError: If a file cannot be read.
        """
        found: list[Numbered] = []
        while len(found) < at_most:
            numbered, self._held = self._held or self._next(start), None
            if numbered is None:
                break
            if numbered.position >= before:
                self._held = numbered
                break
            if numbered.position >= start:
                found.append(numbered)
        return found

    def close(self) -> None:
        """
        Close the file that is open.
        """
        if self._file is not None:
            self._file.close()
        self._file, self._first, self._held = None, -1, None

    def _next(self, start: int) -> Numbered | None:
        while self._file is not None or self._open(start):
            assert self._file is not None
            for line in self._file:
                numbered = parse_envelope(parse(line) or {}, self._run)
                if numbered is not None and self._run:  # without its run nobody could place it
                    return numbered
            newest = self._segments.newest
            if newest is None or newest.first <= self._first:
                return None  # what comes will be added to this one
            self._file.close()
            self._file = None
        return None

    def _open(self, start: int) -> bool:
        """
        Open the file in which *start* may be, or the next one after that which was read.
        """
        later = [each for each in self._segments if each.first > self._first]
        begun = [each for each in later if each.first <= start]
        segment: Segment | None = begun[-1] if begun else next(iter(later), None)
        if segment is None:
            return False
        self._file = segment.path.open("rb")
        self._first = segment.first
        state = RunState.parse(self._file.readline())
        self._run = "" if state is None else state.run
        return True
