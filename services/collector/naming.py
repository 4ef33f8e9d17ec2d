"""What sessions are called, and where their files are."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from smartspectra.ipc.envelope import Envelope, session_id_of
from smartspectra.ipc.session_files import check_session_id

log = logging.getLogger(__name__)

ROOT_PREFIX = "physiology"
"""The vendor's default prefix has its files in the sessions folder itself."""


def folder_of(prefix: str, sessions_folder: Path) -> Path:
    """
    Where a camera's session files are: the folder itself for the default prefix, else a subfolder.
    """
    return sessions_folder if prefix == ROOT_PREFIX else sessions_folder / prefix


def name_of(envelope: Envelope) -> str:
    """
    Tell what a session is to be called: what the server says if that can be part of a file's name.
    """
    given = session_id_of(envelope.payload)
    if given is not None:
        try:
            return check_session_id(given)
        except ValueError as exc:
            log.warning("session id refused", extra={"session": given, "why": str(exc)})
    return _made_session_id(envelope)


def _made_session_id(envelope: Envelope) -> str:
    """
    Make the id of a session without a name: from the envelope, so that it is always the same.
    """
    seconds = (envelope.timestamp_us or 0) / 1_000_000
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%d_%H%M%S")
