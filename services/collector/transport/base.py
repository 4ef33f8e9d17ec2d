"""What every transport gives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from smartspectra.ipc.wire.envelope import document_of
from smartspectra.ipc.wire.envelope_parser import is_typed

BATCH = 1_000
BATCH_BYTES = 2 << 20
"""About how much is taken from Redis at once, whatever waits there."""

WAIT_S = 0.25
LONGEST_RUN = 256
"""Characters of a run's id; nobody's is as long."""


@dataclass(slots=True)
class ReceivedEnvelope:
    """
    One envelope, as it came; not to be changed.

    Attributes:
        prefix: Whose it is.
        channel: Its channel without the prefix.
        envelope: Byte for byte.
        entry_id: Its place in the stream; empty with pub/sub.
        run: The server's run; empty with pub/sub.
        seq: Its number in that run; 0 with pub/sub.
        follows: On the first of a run: the run before it and its last number, where that is sure.
        gap: Why something before it may be missing, though nobody can say how much; else empty.
        gap_s: In how long a time that was published; 0 where it is not known.
        missing: So many before it never came, by their numbers.
        foreign: So many before it were another server's, and were dropped.
        is_replayed_state: Whether it is the last recording state that Redis keeps.
        parsed: Its JSON, or what an `EnvelopeParser` made of it, once somebody wanted it.
    """

    prefix: str
    channel: str
    envelope: bytes
    entry_id: str = ""
    run: str = ""
    seq: int = 0
    follows: str = ""
    gap: str = ""
    gap_s: float = 0.0
    missing: int = 0
    foreign: int = 0
    is_replayed_state: bool = False
    parsed: Any = field(default=None, repr=False, compare=False)

    def document(self) -> Any:  # noqa: ANN401
        """
        Give the envelope's JSON as dictionaries, for all who ask.

        Raises:
            BadEnvelope: If it is none.
        """
        if self.parsed is None or is_typed(self.parsed):
            self.parsed = document_of(self.envelope)
        return self.parsed


class Transport(Protocol):
    """Gives what arrived, in order."""

    def read(self) -> Sequence[ReceivedEnvelope]:
        """
        Wait a quarter of a second at most, and give what came.

        Raises:
            Unavailable: If Redis is away. The next call tries to connect again.
        """
        ...

    def at_end_s(self, prefix: str) -> float:
        """
        Tell when all was read that there was for *prefix*, by the clock that only goes forward.

        Safe to call from any thread.
        """
        ...

    def rewind(self, prefix: str, after: str) -> None:
        """
        Give what came for *prefix* behind the stream's entry *after* once more.
        """
        ...
