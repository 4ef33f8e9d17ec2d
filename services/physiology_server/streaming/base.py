"""What every streaming backend does."""

from collections.abc import Sequence
from typing import Protocol

from services.physiology_server.outbox import Numbered


class Backend(Protocol):
    """Takes numbered envelopes, in order."""

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Send all of *batch*, or raise.

        Raises:
            Unavailable: If the other side is away. Nothing or a part may have arrived; sending
                the batch again is right, since readers know an envelope by its number.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection."""
        ...
