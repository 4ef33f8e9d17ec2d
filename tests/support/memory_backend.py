"""Memory: keeps what was sent, and can be away. For tests."""

from collections.abc import Sequence

from services.physiology_server.envelopes import Numbered
from services.physiology_server.publishing.backend import refuse_unknown
from vitalrig.errors import Unavailable


class MemoryBackend:
    """A backend that a test can read and switch off."""

    def __init__(self) -> None:
        self.sent: list[Numbered] = []
        self.shown: list[Numbered] = []
        self.away = False

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Keep all of *batch*.

        Raises:
            Unavailable: While `away` is set.
            BadMessage: If an envelope is for no channel.
        """
        refuse_unknown(batch)
        if self.away:
            raise Unavailable("switched off")
        self.sent += batch

    async def show(self, newest: Sequence[Numbered]) -> None:
        """
        Keep it apart from what was sent.
        """
        self.shown = list(newest)

    async def close(self) -> None:
        """
        Do nothing.
        """
