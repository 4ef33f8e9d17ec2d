"""What the run before left in the spool."""

import logging
from dataclasses import dataclass, replace

from services.physiology_server.spool.segments import Segments
from services.physiology_server.spool.spool_lines import Found, read_state
from vitalrig.machine_boot import this_boot

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PreviousRun:
    """
    What the run before left.

    Attributes:
        run: Its id; empty without one.
        follows: What the next run's first entry says of it; empty if that is not sure.
        recording: The session that it was recording when it crashed, which may have no name;
            None if it did not crash in a recording.
        position: The place of the last envelope that it made.
        sent: The place up to which everything was sent.
    """

    run: str = ""
    follows: str = ""
    recording: str | None = None
    position: int = 0
    sent: int = 0


def past_in(segments: Segments) -> PreviousRun:
    """
    Find what was written last. Where a newer file cannot be read, nothing is sure.
    """
    whole = True
    for segment in reversed(list(segments)):
        try:
            found = read_state(segment.path)
        except OSError as exc:
            log.error("spool cannot be read", extra={"why": str(exc)})
            found = None
        if found is not None:
            return _past(replace(found, torn=found.torn or not whole))
        whole = False
    return PreviousRun()


def _past(found: Found) -> PreviousRun:
    """
    Judge what was found: a killed process leaves all that it wrote, a power cut does not.
    """
    state = found.state
    sure = state.ended or (state.boot == this_boot() != "" and not found.torn)
    follows = f"{state.run}:{state.seq}" if state.seq else state.follows
    return PreviousRun(
        run=state.run,
        follows=follows if sure else "",
        recording=None if state.ended else state.recording,
        position=state.position,
        sent=state.sent,
    )
