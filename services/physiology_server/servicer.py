"""gRPC at the door: a request becomes one call, the state after it the reply."""

from collections.abc import Callable
from typing import Any, TypeAlias

import grpc
from google.protobuf.empty_pb2 import Empty

from services.physiology_server.state import ServerState
from vitalrig.errors import BadRequest, NotPossibleNow
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.version import VERSION

Context: TypeAlias = Any
"""A `grpc.aio.ServicerContext`, which has no type stubs."""


# The generated base has no types.
class Servicer(pb_grpc.PhysiologyServicer):  # type: ignore[misc]
    """Every RPC of `vitalrig.rpc.Physiology`."""

    def __init__(self, state: ServerState) -> None:
        self._state = state

    async def StartCore(self, _request: Empty, context: Context) -> pb.StatusReply:
        """Start Core."""
        return await self._call(context, self._state.control.start_core)

    async def StopCore(self, _request: Empty, context: Context) -> pb.StatusReply:
        """Stop Core."""
        return await self._call(context, self._state.control.stop_core)

    async def StartEdgeGraph(self, _request: Empty, context: Context) -> pb.StatusReply:
        """Start the Edge graph."""
        return await self._call(context, self._state.control.start_edge_graph)

    async def StopEdgeGraph(self, _request: Empty, context: Context) -> pb.StatusReply:
        """Stop the Edge graph."""
        return await self._call(context, self._state.control.stop_edge_graph)

    StartPreprocessing = StartEdgeGraph
    StopPreprocessing = StopEdgeGraph

    async def SetRecording(
        self, request: pb.SetRecordingRequest, context: Context
    ) -> pb.StatusReply:
        """Start or stop a recording."""
        return await self._call(
            context,
            lambda: self._state.control.set_recording(request.recording, request.session_id),
        )

    async def ResetProcessing(self, _request: Empty, context: Context) -> pb.StatusReply:
        """Clear Core's buffer."""
        return await self._call(context, self._state.control.reset_processing)

    async def GetStatus(self, _request: Empty, _context: Context) -> pb.StatusReply:
        """Tell the state."""
        return self._reply()

    async def _call(self, context: Context, verb: Callable[[], None]) -> pb.StatusReply:
        try:
            verb()
        except BadRequest as exc:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(exc))
        except NotPossibleNow as exc:
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(exc))
        self._state.announce()
        return self._reply()

    def _reply(self) -> pb.StatusReply:
        state, control = self._state, self._state.control
        return pb.StatusReply(
            status=pb.StatusCode.Name(control.status),
            status_timestamp_us=control.status_timestamp_us,
            core_running=control.core_running,
            edge_running=control.edge_running,
            recording=control.recording,
            session_id=control.session_id,
            source=state.source_kind,
            frames=state.frames,
            frames_dropped=state.drops.total,
            envelopes=state.outbox.accepted,
            envelopes_lost=state.outbox.lost,
            version=VERSION,
            settling=[
                pb.Settling(signal=signal, remaining_s=remaining_s)
                for signal, remaining_s in state.settling().items()
            ],
        )
