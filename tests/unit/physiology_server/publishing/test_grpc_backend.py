"""The streaming backend that hands envelopes to gRPC's readers."""

import asyncio

import pytest

from services.physiology_server.envelopes import Numbered, Outgoing
from services.physiology_server.publishing.backends.grpc_backend import GrpcBackend
from services.physiology_server.publishing.subscribers import Subscribers
from vitalrig.errors import BadMessage


def batch(*channels):
    return [Numbered(seq, Outgoing(name, b"{}")) for seq, name in enumerate(channels, start=1)]


def test_a_batch_goes_to_the_readers_of_its_channels():
    """
    With its numbers.
    """

    async def scenario():
        hub = Subscribers()
        backend = GrpcBackend(hub)
        with hub.subscribe("edge_metrics") as edge, hub.subscribe("core_metrics") as core:
            await backend.send(batch("edge_metrics", "core_metrics", "edge_metrics"))
            await backend.close()
            await backend.close()
            return [[got[0].seq async for got in _rest(reader)] for reader in (edge, core)]

    assert [[1, 3], [2]] == asyncio.run(scenario())


async def _rest(reader):
    while (got := await reader.next()) is not None:
        yield got


def test_an_envelope_for_no_channel_is_refused_before_any_is_sent():
    """
    As every backend does.
    """

    async def scenario():
        hub = Subscribers()
        with hub.subscribe("edge_metrics") as reader:
            with pytest.raises(BadMessage, match="nowhere"):
                await GrpcBackend(hub).send(batch("edge_metrics", "nowhere"))
            hub.close()
            return await reader.next()

    assert asyncio.run(scenario()) is None
