"""From a service's descriptor to what gRPC serves: one path for our own service and for others."""

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, TypeAlias

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message

from services.physiology_server.rpc import message_shapes as shapes
from services.physiology_server.rpc.method_matching import MethodMatching
from services.physiology_server.rpc.operations import Operations
from services.physiology_server.rpc.reply_builder import Facts, fill_facts
from services.physiology_server.rpc.stream_service import StreamService
from vitalrig.errors import BadRequest, InvalidState

log = logging.getLogger(__name__)

Context: TypeAlias = Any
"""A `grpc.aio.ServicerContext`, which has no type stubs."""

Answer = Callable[[AsyncIterator[Message], Context], AsyncGenerator[bytes, None]]
"""Takes what a client sends and yields what it gets, encoded."""

LONGEST_REFUSAL = 1_000
"""Characters; beyond 8 KiB clients of gRPC do not take it."""

CALLS: Mapping[str, Callable[[Operations, Message], Awaitable[Facts]]] = {
    "StartCore": lambda verbs, _: verbs.start_core(),
    "StopCore": lambda verbs, _: verbs.stop_core(),
    "StartEdgeGraph": lambda verbs, _: verbs.start_edge_graph(),
    "StopEdgeGraph": lambda verbs, _: verbs.stop_edge_graph(),
    "StartPreprocessing": lambda verbs, _: verbs.start_edge_graph(),
    "StopPreprocessing": lambda verbs, _: verbs.stop_edge_graph(),
    "SetRecording": lambda verbs, request: verbs.set_recording(*shapes.recording_of(request)),
    "ResetProcessing": lambda verbs, _: verbs.reset_processing(),
    "SetBufferDuration": lambda verbs, request: verbs.set_buffer_duration(
        shapes.seconds_of(request)
    ),
    "GetStatus": lambda verbs, _: verbs.get_status(),
    "GetServerInfo": lambda verbs, _: verbs.get_server_info(),
}
"""RPCs with one request and one reply. The rest are streams."""


def bind(
    service: ServiceDescriptor, matching: MethodMatching, verbs: Operations, streams: StreamService
) -> grpc.GenericRpcHandler:
    """
    Make the handler that serves *service*.

    Args:
        service: Whatever it is called.
        matching: What its RPCs are to us.
        verbs: What is done for a request.
        streams: What subscribers are sent.
    """
    handlers = {}
    for method in service.methods:
        verb = matching.verbs.get(method.name)
        answer = _unknown(method) if verb is None else _answer(verb, method, verbs, streams)
        handlers[method.name] = _handler(method, answer)
    return grpc.method_handlers_generic_handler(service.full_name, handlers)


def _answer(
    verb: str, method: MethodDescriptor, verbs: Operations, streams: StreamService
) -> Answer:
    if verb == "UploadFrames":
        return _upload(method, verbs)
    if verb in CALLS:
        return _call(CALLS[verb], method.output_type, verbs)
    return streams.answer(verb, method.output_type)


def _call(
    call: Callable[[Operations, Message], Awaitable[Facts]], output: Descriptor, verbs: Operations
) -> Answer:
    async def answer(
        requests: AsyncIterator[Message], _context: Context
    ) -> AsyncGenerator[bytes, None]:
        async for request in requests:
            yield _encode(output, await call(verbs, request))

    return answer


def _upload(method: MethodDescriptor, verbs: Operations) -> Answer:
    async def answer(
        requests: AsyncIterator[Message], _context: Context
    ) -> AsyncGenerator[bytes, None]:
        with verbs.uploading(many=method.client_streaming) as upload:
            async for request in requests:
                frame = shapes.frame_of(request)
                del request  # a large frame is in memory once, while it is worked on
                await upload.take(*frame)
                del frame
                if method.server_streaming:
                    yield _encode(method.output_type, upload.report())
            if not method.server_streaming:
                yield _encode(method.output_type, upload.report())

    return answer


def _unknown(method: MethodDescriptor) -> Answer:
    async def answer(
        _requests: AsyncIterator[Message], context: Context
    ) -> AsyncGenerator[bytes, None]:
        await context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            f"it is not known what {method.name} does; rpc_method_names can tell",
        )
        yield b""

    return answer


def _encode(output: Descriptor, facts: Facts) -> bytes:
    message = message_factory.GetMessageClass(output)()
    fill_facts(message, facts)
    return message.SerializeToString()


def _handler(method: MethodDescriptor, answer: Answer) -> grpc.RpcMethodHandler:
    """
    Fit *answer* to the streaming kinds of *method*.

    On the wire a single request is a stream of one. It is taken as such, so that *answer* may
    refuse the call before a large message is read.
    """
    kind: type[Message] = message_factory.GetMessageClass(method.input_type)

    async def parsed(messages: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        async for message in messages:
            parsed = [_parse(kind, message)]
            del message
            yield parsed.pop()
            if not method.client_streaming:
                return
        if not method.client_streaming:
            raise BadRequest("no message came")

    async def to_many(messages: AsyncIterator[bytes], context: Context) -> None:
        replies = answer(parsed(messages), context)
        async with _refusals(context), contextlib.aclosing(replies):
            async for reply in replies:
                await context.write(reply)

    async def to_one(messages: AsyncIterator[bytes], context: Context) -> bytes:
        replies = answer(parsed(messages), context)
        async with _refusals(context), contextlib.aclosing(replies):
            async for reply in replies:
                return reply
        return b""

    if method.server_streaming:
        return grpc.stream_stream_rpc_method_handler(to_many)
    return grpc.stream_unary_rpc_method_handler(to_one)


def _parse(kind: type[Message], request: bytes) -> Message:
    try:
        return kind.FromString(request)
    except DecodeError as exc:
        raise BadRequest(f"these bytes are not a {kind.DESCRIPTOR.full_name}") from exc


@contextlib.asynccontextmanager
async def _refusals(context: Context) -> AsyncIterator[None]:
    """
    Turn what our errors tell the caller into gRPC's words.
    """
    try:
        yield
    except BadRequest as exc:
        code, why = grpc.StatusCode.INVALID_ARGUMENT, str(exc)
    except InvalidState as exc:
        code, why = grpc.StatusCode.FAILED_PRECONDITION, str(exc)
    else:
        return
    # After the error is gone: gRPC keeps the refusal for a while, and with it a large message.
    await context.abort(code, shortened(why))


def shortened(text: str) -> str:
    """
    *text* as long as gRPC lets a refusal be; it may contain what a client sent.
    """
    return text if len(text) <= LONGEST_REFUSAL else f"{text[:LONGEST_REFUSAL]}..."
