"""
One suite for all streaming backends, with a real Redis and real files.

A new backend is one more rig in `RIGS`: a class that starts the backend and reads what it sent
as its clients would.
"""

import asyncio

import cv2
import numpy as np
import pytest

from services.physiology_server.envelopes import Numbered, Outgoing
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.publisher import Publisher
from tests.support.backends import (
    METRICS,
    FileRig,
    GrpcRig,
    MemoryRig,
    RedisRig,
    a_jpeg,
    a_picture,
    batch,
    by_kind,
    play,
    until_away,
)
from tests.support.patience import PATIENCE_S
from vitalrig.clock import SystemClock
from vitalrig.errors import BadMessage, Unavailable
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats

RIGS = [MemoryRig, FileRig, RedisRig, GrpcRig]
LEAVING = [rig for rig in RIGS if hasattr(rig, "go_away")]


def named(rig):
    return rig.__name__.removesuffix("Rig").lower()


@pytest.fixture(params=RIGS, ids=named)
def rig(request, tmp_path):
    return request.param(request, tmp_path)


@pytest.fixture(params=LEAVING, ids=named)
def leaving(request, tmp_path):
    return request.param(request, tmp_path)


async def heard_by_kind(rig):
    return {kind: await rig.heard(kind) for kind in METRICS}


def test_a_batch_arrives_whole_in_order_and_byte_for_byte(rig):
    """
    Each envelope on the channel of its kind, the same bytes on every backend.
    """
    sent = batch(1, 40)

    async def scenario(rig):
        await rig.backend.send(sent)
        return await heard_by_kind(rig)

    assert by_kind(sent) == play(rig, scenario)


def test_batches_arrive_one_after_the_other(rig):
    """
    A reader sees time go forwards.
    """

    async def scenario(rig):
        for first in range(1, 60, 7):
            await rig.backend.send(batch(first, first + 6))
        return await heard_by_kind(rig)

    assert by_kind(batch(1, 63)) == play(rig, scenario)


def test_a_large_batch_arrives_whole(rig):
    """
    As after a long absence.
    """

    async def scenario(rig):
        await rig.backend.send(batch(1, 1_000))
        return await heard_by_kind(rig)

    assert by_kind(batch(1, 1_000)) == play(rig, scenario)


def test_an_empty_batch_is_no_fault(rig):
    """
    Nothing to send is soon sent.
    """

    async def scenario(rig):
        await rig.backend.send([])
        return await heard_by_kind(rig)

    assert by_kind([]) == play(rig, scenario)


def test_a_picture_arrives_as_a_jpeg(rig):
    """
    As it was made, beside metrics of the same batch.
    """
    jpeg = a_jpeg()

    async def scenario(rig):
        await rig.backend.send([*batch(1, 4), a_picture(jpeg)])
        return await rig.pictures()

    found = play(rig, scenario)

    assert ([jpeg], (24, 32, 3)) == (
        found,
        cv2.imdecode(np.frombuffer(found[0], np.uint8), cv2.IMREAD_COLOR).shape,
    )


def test_a_picture_costs_no_metrics(rig):
    """
    They arrive as without it.
    """

    async def scenario(rig):
        await rig.backend.send([*batch(1, 8), a_picture(a_jpeg())])
        return await heard_by_kind(rig)

    assert by_kind(batch(1, 8)) == play(rig, scenario)


def test_an_unknown_channel_is_refused_before_anything_is_sent(rig):
    """
    So that the rest can be sent without it, and nothing twice.
    """

    async def scenario(rig):
        with pytest.raises(BadMessage, match="nonsense"):
            await rig.backend.send([*batch(1, 4), Numbered(5, Outgoing("nonsense", b"{}"))])
        return await heard_by_kind(rig)

    assert by_kind([]) == play(rig, scenario)


def test_to_close_twice_is_to_close_once(rig):
    """
    A stop that is repeated does no harm.
    """

    async def scenario(rig):
        await rig.backend.send(batch(1, 4))
        await rig.backend.close()
        await rig.backend.close()
        return True

    assert play(rig, scenario)


def test_an_absence_is_said_and_the_same_batch_again_arrives_once(leaving):
    """
    Readers know an envelope by its number, and a file has no line twice.
    """

    async def scenario(rig):
        await rig.backend.send(batch(1, 8))
        rig.go_away()
        with pytest.raises(Unavailable):
            await rig.backend.send(batch(9, 20))
        rig.come_back()
        await rig.backend.send(batch(9, 20))
        await rig.backend.send(batch(9, 24))
        return await heard_by_kind(rig)

    assert by_kind(batch(1, 24)) == play(leaving, scenario)


def test_through_the_publisher_an_absence_costs_nothing(leaving, tmp_path):
    """
    Outbox, publisher and backend together: all of it, in order, and the newest picture.
    """

    async def scenario(rig):
        outbox = Outbox(1_000)
        health = Health(tmp_path / "health")
        publisher = Publisher(
            outbox, rig.backend, ServiceHeartbeats("probe"), health, SystemClock()
        )
        for each in batch(1, 100):
            outbox.put(each.outgoing)
        await publisher.flush()
        rig.go_away()
        for each in batch(101, 200):
            outbox.put(each.outgoing)
        outbox.put(a_picture(a_jpeg(10)).outgoing)
        flushing = asyncio.create_task(publisher.flush())
        await until_away(health)
        outbox.put(a_picture(a_jpeg(200)).outgoing)
        rig.come_back()
        async with asyncio.timeout(PATIENCE_S):
            await flushing
        return await heard_by_kind(rig)

    assert by_kind(batch(1, 200)) == play(leaving, scenario)
