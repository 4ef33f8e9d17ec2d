"""What the file of a resumed session holds beyond the position, read as soon as it can be."""

import logging

from services.collector.replay_filter import ReplayFilter
from services.collector.session_folder import SessionFolder

log = logging.getLogger(__name__)


class Resumption:
    """
    Fills the lines that are ahead of the position.

    Before that is done nothing may be taken from the stream: it could not be told what the file
    holds already.

    Args:
        folder: The camera's sessions.
        replay_filter: Where the lines go.

    Attributes:
        trouble: Why the file cannot be read; empty if it can.
    """

    def __init__(self, folder: SessionFolder, replay_filter: ReplayFilter) -> None:
        self._folder = folder
        self._replay_filter = replay_filter
        self._unread: tuple[str, int] | None = None
        self.trouble = ""

    def begin(self, session_id: str, size_bytes: int) -> None:
        """
        Read what a session's file holds beyond *size_bytes*, now or later.
        """
        self._unread = session_id, size_bytes
        self.is_done()

    def is_done(self) -> bool:
        """
        Tell whether it is read; tries once more if it is not.
        """
        if self._unread is None:
            return True
        session_id, size_bytes = self._unread
        path, later = self._folder.jsonl(session_id), self._folder.later_parts(session_id)
        try:
            are_settled = self._folder.are_settled(session_id)
            self._replay_filter.read(path, size_bytes, *later, are_settled=are_settled)
        except OSError as exc:
            if not self.trouble:
                log.error("cannot read %s: %s", path, exc)
            self.trouble = str(exc)
            return False
        self._unread, self.trouble = None, ""
        return True
