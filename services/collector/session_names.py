"""What sessions are called."""

import logging
from collections.abc import Iterator
from itertools import count

from smartspectra.ipc.session.moments import moment_of
from smartspectra.ipc.storage.session_paths import check_session_id
from smartspectra.ipc.wire.envelope import Envelope, session_id_of

log = logging.getLogger(__name__)

UNDATED = "undated"


def given_name(envelope: Envelope) -> str | None:
    """
    Tell what the server calls a session; None without a name that can be part of a file's name.
    """
    given = session_id_of(envelope.payload)
    if given is not None:
        try:
            return check_session_id(given)
        except ValueError as exc:
            log.warning("session id refused", extra={"session": given, "why": str(exc)})
    return None


def made_names(envelope: Envelope) -> Iterator[str]:
    """
    Make names for a session without one, from the envelope, so that they are always the same.

    The first that no other session has is the session's.
    """
    moment = moment_of((envelope.timestamp_us or 0) / 1_000)
    stem = UNDATED if moment is None else f"{moment:%Y%m%d_%H%M%S}"
    yield stem
    for number in count(2):
        yield f"{stem}_{number}"
