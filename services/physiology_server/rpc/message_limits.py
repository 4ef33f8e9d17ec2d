"""How large a client's messages may be, and that large ones are read one after the other."""

import asyncio
import ctypes
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import grpc
from google.protobuf.message import DecodeError

LARGEST_REQUEST_BYTES = 64 * 1024
"""Longest message of RPCs that take no frames: such say yes, a name or a number."""

TURN_S, TURNS = 0.005, 10
"""
How long a message is waited for while others wait. A usual one is there with its call: it takes
less than a millisecond. In turns of the loop: a server that is held up blames no client for that.
"""

LEAST_TURNS = 2
"""Of a call that was waited for while nobody else was there: its message may have come just now."""


# grpc has no type stubs.
class MessageLimits(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """
    Bounds the memory that messages take before it is known what is in them.

    gRPC has one limit of size for all RPCs, and takes as many messages at once as there are calls.
    Here only RPCs that take frames may have large ones, and all others are read one after the
    other. A message that is long in coming, because it is large or its client sends nothing,
    gives way as soon as others wait; its client may send it again.

    Args:
        uploads: For the path of each RPC that takes frames, whether one call has many of them.
            Those do not wait in line, since one client at a time is let in.
        are_all_small: Whether gRPC lets no large message in: then nobody has to wait.
    """

    def __init__(self, uploads: Mapping[str, bool], *, are_all_small: bool = False) -> None:
        self._uploads = uploads
        self._are_all_small = are_all_small
        self._line = asyncio.Lock()
        self._waiting = 0

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Any]],
        handler_call_details: Any,  # noqa: ANN401  grpc's
    ) -> Any:  # noqa: ANN401  grpc's
        """
        Stand between the RPC and its messages.
        """
        handler = await continuation(handler_call_details)
        return handler and self._limited(handler, handler_call_details.method)

    def _limited(self, handler: Any, path: str) -> Any:  # noqa: ANN401  grpc's
        """
        The same RPC, whose messages we read. On the wire, one message is a stream of one.
        """
        behave = (
            handler.unary_unary
            or handler.unary_stream
            or handler.stream_unary
            or handler.stream_stream
        )

        async def called(context: Any) -> Any:  # noqa: ANN401  grpc's
            requests = self._requests(context, handler, path)
            if handler.request_streaming:
                return behave(requests, context)
            async for request in requests:
                return behave(request, context)
            return await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no message came")

        async def to_one(_messages: Any, context: Any) -> Any:  # noqa: ANN401  grpc's
            return await (await called(context))

        async def to_many(_messages: Any, context: Any) -> None:  # noqa: ANN401  grpc's
            replies = await called(context)
            if not hasattr(replies, "__aiter__"):
                await replies  # it writes for itself
                return
            async for reply in replies:
                await context.write(reply)

        if handler.response_streaming:
            return grpc.stream_stream_rpc_method_handler(
                to_many, response_serializer=handler.response_serializer
            )
        return grpc.stream_unary_rpc_method_handler(
            to_one, response_serializer=handler.response_serializer
        )

    async def _requests(
        self,
        context: Any,  # noqa: ANN401  grpc's
        handler: Any,  # noqa: ANN401  grpc's
        path: str,
    ) -> AsyncIterator[Any]:
        understand = handler.request_deserializer or bytes
        waits = not (self._are_all_small or self._uploads.get(path))
        read = partial(self._read_in_line, context) if waits else context.read
        while True:
            message = await read()
            if message is None:
                await context.abort(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    "the message did not come while others waited: send it again",
                )
            if message is grpc.aio.EOF:
                return
            if path not in self._uploads and (size_bytes := len(message)) > LARGEST_REQUEST_BYTES:
                del message  # gRPC keeps the refusal for a while, and with it what is here
                _return_freed_memory()
                await context.abort(
                    grpc.StatusCode.RESOURCE_EXHAUSTED,
                    f"the message has {size_bytes} bytes; it may have {LARGEST_REQUEST_BYTES}",
                )
            try:
                requests = [understand(message)]
            except DecodeError:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the message makes no sense")
            del message  # it may be large, and is not needed while the request is worked on
            yield requests.pop()

    async def _read_in_line(self, context: Any) -> Any:  # noqa: ANN401  grpc's
        """
        Wait in line, then for the next message.

        Returns:
            The message, grpc's sign that there are no more, or None if it is long in coming and
            others wait.
        """
        self._waiting += 1
        try:
            await self._line.acquire()
        finally:
            self._waiting -= 1
        # To cancel a read would leak its message; it ends by itself with the call.
        reading = asyncio.ensure_future(context.read())
        reading.add_done_callback(self._leave_line)
        left = TURNS
        while left and not reading.done():
            await asyncio.wait({reading}, timeout=TURN_S if self._waiting else TURNS * TURN_S)
            left = left - 1 if self._waiting else max(left - 1, LEAST_TURNS)
        return reading.result() if reading.done() else None

    def _leave_line(self, reading: "asyncio.Future[Any]") -> None:
        _ = reading.cancelled() or reading.exception()  # where nobody asks any more
        self._line.release()


def _return_freed_memory() -> None:
    """
    Give freed memory back to the system, with the C library that otherwise keeps it: glibc.

    gRPC takes a large message in many small pieces, of which glibc keeps hundreds of megabytes.
    """
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
