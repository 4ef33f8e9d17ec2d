"""An envelope with its place: which run made it, and as which one."""

from dataclasses import dataclass

from services.physiology_server.envelopes import Outgoing

NO_NUMBER = 0
"""What stands in place of a number on pictures, which may be left out at any time."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """
    An envelope on its way to a backend.

    Attributes:
        seq: Its number in its run, from 1 without a hole; 0 for a picture.
        outgoing: The envelope, with its channel.
        put_at_s: When it was put into the outbox, on the monotonic clock; None for what was read
            from the spool.
        run: The run that made it.
        follows: On the first of a run: the run before and its last number, where that is sure.
        position: Its place in the order of sending, over all runs that the spool holds.
    """

    seq: int
    outgoing: Outgoing
    put_at_s: float | None = None
    run: str = ""
    follows: str = ""
    position: int = 0
