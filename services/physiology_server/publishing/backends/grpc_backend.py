"""gRPC: envelopes go to who reads the server's streams."""

from collections.abc import Sequence

from services.physiology_server.envelopes import Numbered
from services.physiology_server.publishing.backend import refuse_unknown
from services.physiology_server.publishing.subscribers import Subscribers


class GrpcBackend:
    """
    Hands envelopes to the readers of gRPC streams, and is never away.

    Without readers an envelope is gone: nothing is kept for those who come later.

    Args:
        subscribers: Who reads.
    """

    def __init__(self, subscribers: Subscribers) -> None:
        self._subscribers = subscribers

    async def send(self, batch: Sequence[Numbered]) -> None:
        """
        Offer all of *batch*. It does not wait for readers.

        Raises:
            BadMessage: If an envelope is for no channel.
        """
        refuse_unknown(batch)
        for numbered in batch:
            outgoing = numbered.outgoing
            self._subscribers.offer(outgoing.channel, outgoing.envelope, numbered.seq)

    async def show(self, newest: Sequence[Numbered]) -> None:
        """
        Do nothing: who reads here sees what was sent.
        """

    async def close(self) -> None:
        """
        End all streams after what waits in them.
        """
        self._subscribers.close()
