"""What every streaming backend does."""

from collections.abc import Sequence
from typing import Protocol

from services.physiology_server.envelopes import Numbered
from smartspectra.ipc.wire.channels import KINDS
from vitalrig.errors import BadMessage

_KNOWN = frozenset(KINDS)


class Backend(Protocol):
    """Takes numbered envelopes, in order, and pictures."""

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Send all of *batch*, or raise.

        A picture that cannot be sent is left out and counted: it holds nothing up.

        Raises:
            Unavailable: If the other side is away. Nothing or a part may have arrived; sending
                the batch again is right, since an envelope is known by its number.
            BadMessage: If an envelope is for no channel. Then nothing was sent.
        """
        ...

    async def show(self, newest: Sequence[Numbered]) -> None:
        """
        Let those who only watch see *newest*, which cannot be kept now and will be sent later.

        Where nobody could see it, nothing happens; nor does it matter if it fails.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection. To close twice is to close once."""
        ...


def refuse_unknown(batch: Sequence[Numbered]) -> None:
    """
    Look at all of *batch* before any of it is sent.

    Raises:
        BadMessage: If an envelope is for no channel that a reader could know.
    """
    for numbered in batch:
        if numbered.outgoing.channel not in _KNOWN:
            raise BadMessage(f"{numbered.outgoing.channel!r} is not a channel")
