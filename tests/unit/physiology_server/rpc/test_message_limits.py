"""Who is refused because its message is long in coming, and who is not."""

import asyncio
import time
from types import SimpleNamespace

import grpc
import pytest

from services.physiology_server.rpc.message_limits import MessageLimits

COMMAND = "/vitalrig.rpc.Physiology/SetRecording"


class Call:
    """One call, whose message comes when a test says so."""

    def __init__(self) -> None:
        self.message = asyncio.get_running_loop().create_future()

    async def read(self) -> bytes:
        return await self.message

    async def abort(self, code: grpc.StatusCode, _why: str) -> None:
        raise RuntimeError(code.name)

    async def answered(self, limits: MessageLimits) -> bytes:
        """What the RPC, which says again what it is told, answers."""

        async def echo(request: bytes, _context: object) -> bytes:
            return request

        async def handler(_details: object) -> object:
            return grpc.unary_unary_rpc_method_handler(echo)

        limited = await limits.intercept_service(handler, SimpleNamespace(method=COMMAND))
        return await limited.stream_unary(None, self)


def answers(talk) -> object:
    return asyncio.run(talk())


def test_a_message_that_comes_late_when_another_begins_to_wait_is_taken():
    """
    A call whose message was not there at once, as on a busy machine, is not refused for that.
    """

    async def talk():
        limits = MessageLimits({})
        first, second = Call(), Call()
        one = asyncio.create_task(first.answered(limits))
        await asyncio.sleep(0.2)
        other = asyncio.create_task(second.answered(limits))
        await asyncio.sleep(0.001)
        first.message.set_result(b"first")
        second.message.set_result(b"second")
        return await one, await other

    assert (b"first", b"second") == answers(talk)


def test_a_server_that_is_held_up_refuses_no_message_that_came_meanwhile():
    """
    The server starts, or is short of time: what was sent in time is read late.
    """

    async def talk():
        limits = MessageLimits({})
        first, second = Call(), Call()
        one = asyncio.create_task(first.answered(limits))
        other = asyncio.create_task(second.answered(limits))
        await asyncio.sleep(0.001)
        time.sleep(0.2)  # noqa: ASYNC251  that is what it is about
        asyncio.get_running_loop().call_later(0.001, first.message.set_result, b"first")
        second.message.set_result(b"second")
        return await one, await other

    assert (b"first", b"second") == answers(talk)


def test_a_message_that_does_not_come_gives_way():
    """
    As soon as another call waits, and within a fraction of a second.
    """

    async def talk():
        limits = MessageLimits({})
        silent, second = Call(), Call()
        one = asyncio.create_task(silent.answered(limits))
        other = asyncio.create_task(second.answered(limits))
        second.message.set_result(b"second")
        with pytest.raises(RuntimeError, match="RESOURCE_EXHAUSTED"):
            await one
        silent.message.set_result(b"")
        return await other

    assert b"second" == answers(talk)


def test_where_no_message_can_be_large_none_waits_for_another():
    """
    gRPC itself refuses what is large there.
    """

    async def talk():
        limits = MessageLimits({}, are_all_small=True)
        silent, second = Call(), Call()
        one = asyncio.create_task(silent.answered(limits))
        second.message.set_result(b"second")
        answer = await second.answered(limits)
        silent.message.set_result(b"late")
        return answer, await one

    assert (b"second", b"late") == answers(talk)
