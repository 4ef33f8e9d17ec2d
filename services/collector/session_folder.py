"""The folder of one camera's sessions: which of them a start belongs to."""

from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from services.collector.replay_filter import last_line_of, place_of
from services.collector.session_names import given_name, made_names
from smartspectra.ipc.session import manifest
from smartspectra.ipc.session.parts import CONTINUED_IN, part_called
from smartspectra.ipc.storage.session_paths import SessionPaths
from smartspectra.ipc.wire.channels import RECORDING_STATE
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of
from vitalrig.sessions_folder import camera_folder


class SessionPlace(NamedTuple):
    """
    Which session a start belongs to.

    Attributes:
        session_id: Its id.
        start_bytes: Where in its JSONL the start is already; None if it does not.
    """

    session_id: str
    start_bytes: int | None


class SessionFolder:
    """
    Finds sessions of one camera.

    Args:
        prefix: The camera.
        sessions_folder: The folder of all cameras.
    """

    def __init__(self, prefix: str, sessions_folder: Path) -> None:
        self.path = camera_folder(prefix, sessions_folder)
        self.base = SessionPaths.in_folder(self.path)

    def jsonl(self, session_id: str) -> Path:
        """
        Give the path of a session's JSONL.
        """
        return self.base.for_session(session_id).by_kind()["jsonl"]

    def later_parts(self, session_id: str) -> list[Path]:
        """
        Give the JSONLs in which a session went on where its own took no more.
        """
        parts = part_called(session_id, self.base.for_session).later()
        return [part.paths.jsonl for part in parts if part.paths.jsonl is not None]

    def are_settled(self, session_id: str) -> bool:
        """
        Whether all parts of a session but the last count what is missing from them.

        The manifest that says where a recording goes on was written after all of that was noted.
        """
        first = part_called(session_id, self.base.for_session)
        return all(CONTINUED_IN in part.facts() for part in [first, *first.later()][:-1])

    def size_bytes(self, session_id: str) -> int:
        """
        Tell how much a session's JSONL holds; 0 where there is none.
        """
        path = self.jsonl(session_id)
        return path.stat().st_size if path.exists() else 0

    def ends_line_at(self, session_id: str, size_bytes: int) -> bool:
        """
        Whether a session's JSONL holds whole lines in its first *size_bytes*.

        A file that is there and cannot be read is believed to.
        """
        if not size_bytes:
            return True
        try:
            with self.jsonl(session_id).open("rb") as file:
                file.seek(size_bytes - 1)
                return file.read(1) == b"\n"
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def is_over(self, session_id: str) -> bool:
        """
        Whether a session's JSONL ends with a stop.

        Raises:
            OSError: If it cannot be read.
        """
        return _is_stop(last_line_of(self.jsonl(session_id)))

    def holds_sessions(self) -> bool:
        """
        Whether there is any.
        """
        return any(session_id for session_id, _ in self.base.sessions())

    def holds_all_since(self, start: bytes) -> bool | None:
        """
        Whether the session that begins with *start* is here until its stop; None if it is not here.

        A file that cannot be read is believed to hold all: whoever reads it again cannot either.
        """
        try:
            session_id, start_bytes = self.place_of_last_start(start, Envelope.parse(start))
            if start_bytes is None:
                return None
            last = (self.jsonl(session_id), *self.later_parts(session_id))[-1]
            return _is_stop(last_line_of(last))
        except BadEnvelope:
            return None
        except OSError:
            return True

    def is_finished(self, session_id: str) -> bool:
        """
        Whether a session's manifest says that nothing will be added.
        """
        path = self.base.for_session(session_id).manifest
        return path is not None and manifest.read(path).get("state") == manifest.FINISHED

    def finished_since(self, wall_s: float) -> list[dict[str, Any]]:
        """
        Give the manifests of sessions that were finished after *wall_s*, in seconds since 1970.
        """
        found = []
        for session_id, paths in self.base.sessions():
            path = paths.manifest
            if session_id is None or path is None or not path.exists():
                continue
            with suppress(OSError):
                facts = manifest.read(path) if path.stat().st_mtime >= wall_s else {}
                if facts.get("state") == manifest.FINISHED:
                    found.append(facts)
        return found

    def place_of_start(self, start: bytes, envelope: Envelope) -> SessionPlace:
        """
        Tell which session begins with *start*.

        A recording without a name has one that no other session has. If its start is in a file
        already, it is that file's session, unless a stop ended that one: two recordings may begin
        with the same bytes.

        Args:
            start: The start, byte for byte.
            envelope: The same, understood.
        """
        return self._place_of(start, envelope, may_be_over=False)

    def place_of_last_start(self, start: bytes, envelope: Envelope) -> SessionPlace:
        """
        Tell which session began with *start*, also if a stop has ended it.
        """
        return self._place_of(start, envelope, may_be_over=True)

    def place_in(self, session_id: str, start: bytes) -> SessionPlace:
        """
        Find *start* in a session's file; in a file that cannot be read it is not found.
        """
        try:
            return SessionPlace(session_id, place_of(start, self.jsonl(session_id)))
        except OSError:
            return SessionPlace(session_id, None)

    def _place_of(self, start: bytes, envelope: Envelope, *, may_be_over: bool) -> SessionPlace:
        given = given_name(envelope)
        if given is not None:
            return self.place_in(given, start)
        for name in made_names(envelope):
            place = self.place_in(name, start)
            if place.start_bytes is None:
                if not self.base.for_session(name).exist():
                    return place
            elif may_be_over or not self.is_over(name):
                return place
        raise AssertionError("names never end")


def _is_stop(line: bytes) -> bool:
    try:
        envelope = Envelope.parse(line)
    except BadEnvelope:
        return False
    return envelope.type == RECORDING_STATE and recording_of(envelope.payload) is False
