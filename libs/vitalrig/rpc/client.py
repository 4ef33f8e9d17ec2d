"""A client of a physiology_server, with errors named for what the caller does next."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self, TypeVar

# What gRPC's core prints by itself is of no use to a person: errors are raised as well. It is asked
# for when the package is loaded.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import DoubleValue

from vitalrig.errors import BadRequest, BadSettings, InvalidState, Unavailable, VitalrigError
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.secret_files import first_line

T = TypeVar("T")

DEADLINE_S = 5.0
TOKEN_FILE = "VITALRIG_RPC_TOKEN_FILE"  # noqa: S105  the name of a file, no secret
CA_FILE = "VITALRIG_RPC_CA_FILE"
SERVER_NAME = "VITALRIG_RPC_SERVER_NAME"

_OPTIONS: tuple[tuple[str, int | str], ...] = (
    # A rig is never asked through a proxy, whatever the environment says.
    ("grpc.enable_http_proxy", 0),
    # A server that comes later is found soon.
    ("grpc.max_reconnect_backoff_ms", 2_000),
)
_AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
_REFUSALS: dict[grpc.StatusCode, type[VitalrigError]] = {
    grpc.StatusCode.FAILED_PRECONDITION: InvalidState,
    grpc.StatusCode.INVALID_ARGUMENT: BadRequest,
    grpc.StatusCode.UNIMPLEMENTED: BadRequest,
}


class PhysiologyClient:
    """
    Controls one physiology_server and reads its streams. Belongs to the event loop it is used in.

    A call that changes the state returns the state after it. All calls raise the same errors:
    `Unavailable` if no server answers within `DEADLINE_S`, `InvalidState` if the server refuses as
    things are now, `BadRequest` if it never does what was asked, `BadSettings` if it wants another
    token.

    Streams and uploads have no deadline. A stream raises `Unavailable` when its server goes, also
    when it stops in good order; it never just ends.

    Args:
        address: Where the server is, `host:port` or `unix:PATH`.
        token: What every call bears; empty for none.
        certificates: Certificates to trust, in PEM; with them, TLS is spoken.
        server_name: A name that the server's certificate is for, where that is not the address.
        wait_for_ready: Whether a call waits for a server that is not there yet, up to its deadline,
            and a stream without limit.

    Attributes:
        address: Where the server is.
    """

    def __init__(
        self,
        address: str,
        token: str = "",
        certificates: bytes = b"",
        server_name: str = "",
        *,
        wait_for_ready: bool = False,
    ) -> None:
        self.address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._wait_for_ready = wait_for_ready
        options = list(_OPTIONS)
        if server_name:
            options.append(("grpc.ssl_target_name_override", server_name))
        if certificates:
            credentials = grpc.ssl_channel_credentials(certificates)
            self._channel = grpc.aio.secure_channel(address, credentials, options)
        else:
            self._channel = grpc.aio.insecure_channel(address, options)
        self._stub = pb_grpc.PhysiologyStub(self._channel)

    @classmethod
    def from_environment(cls, address: str, environ: Mapping[str, str] = os.environ) -> Self:
        """
        Make one with what the environment says of a guarded server.

        `VITALRIG_RPC_TOKEN_FILE` names the file whose first line is the token,
        `VITALRIG_RPC_CA_FILE` the certificates to trust, `VITALRIG_RPC_SERVER_NAME` the server's
        name.

        Raises:
            BadSettings: If one of the files cannot be read.
        """
        token_file, ca_file = environ.get(TOKEN_FILE), environ.get(CA_FILE)
        token = first_line(Path(token_file), TOKEN_FILE) if token_file else ""
        try:
            certificates = Path(ca_file).read_bytes() if ca_file else b""
        except OSError as exc:
            raise BadSettings(f"{CA_FILE}: {ca_file} cannot be read ({exc.strerror})") from exc
        return cls(address, token, certificates, environ.get(SERVER_NAME, ""))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """
        Let the connection go.
        """
        await self._channel.close()

    async def status(self, *, wait_for_ready: bool | None = None) -> pb.StatusReply:
        """
        Ask for the state.
        """
        return await self._call(self._stub.GetStatus, Empty(), wait_for_ready)

    async def server_info(self) -> pb.ServerInfo:
        """
        Ask what the server is.
        """
        return await self._call(self._stub.GetServerInfo, Empty())

    async def start(self) -> pb.StatusReply:
        """
        Start Core and the Edge graph, unless they run.
        """
        await self._call(self._stub.StartCore, Empty())
        return await self._call(self._stub.StartEdgeGraph, Empty())

    async def stop(self) -> pb.StatusReply:
        """
        Stop the Edge graph, and a recording with it, then Core.
        """
        await self._call(self._stub.StopEdgeGraph, Empty())
        return await self._call(self._stub.StopCore, Empty())

    async def set_recording(self, recording: bool, session_id: str = "") -> pb.StatusReply:
        """
        Start or stop a recording. To stop what the end of the graph has stopped is not an error.
        """
        request = pb.SetRecordingRequest(recording=recording, session_id=session_id)
        try:
            return await self._call(self._stub.SetRecording, request)
        except InvalidState:
            if recording or (status := await self.status()).recording:
                raise
            return status

    async def reset(self) -> pb.StatusReply:
        """
        Clear Core's buffer: rates settle anew.
        """
        return await self._call(self._stub.ResetProcessing, Empty())

    async def set_buffer_duration(self, seconds: float) -> pb.StatusReply:
        """
        Say how many seconds of frames make one core message.
        """
        return await self._call(self._stub.SetBufferDuration, DoubleValue(value=seconds))

    def core_metrics(self) -> AsyncIterator[pb.CoreMetrics]:
        """
        Yield what Core computes from now on: a message a buffer.
        """
        return self._stream(self._stub.StreamCoreMetrics)

    def edge_metrics(self) -> AsyncIterator[pb.EdgeMetrics]:
        """
        Yield what Edge computes from now on: a message a frame.
        """
        return self._stream(self._stub.StreamEdgeMetrics)

    def status_updates(self) -> AsyncIterator[pb.StatusUpdate]:
        """
        Yield the status, then each change of it.
        """
        return self._stream(self._stub.StreamStatus)

    def logs(self) -> AsyncIterator[pb.LogEntry]:
        """
        Yield what the server logs from now on.
        """
        return self._stream(self._stub.StreamLogs)

    async def upload(self, frames: AsyncIterator[pb.FrameWithTimestamp]) -> pb.UploadReport:
        """
        Upload *frames*; return the server's account of them.
        """
        try:
            report: pb.UploadReport = await self._stub.UploadFrames(frames, metadata=self._metadata)
        except grpc.aio.AioRpcError as exc:
            raise self._named(exc) from exc
        return report

    async def _call(
        self, rpc: Callable[..., Awaitable[T]], request: object, wait_for_ready: bool | None = None
    ) -> T:
        patient = self._wait_for_ready if wait_for_ready is None else wait_for_ready
        try:
            return await rpc(
                request, timeout=DEADLINE_S, metadata=self._metadata, wait_for_ready=patient
            )
        except grpc.aio.AioRpcError as exc:
            raise self._named(exc) from exc

    async def _stream(self, rpc: Callable[..., Any]) -> AsyncIterator[Any]:
        call = rpc(Empty(), metadata=self._metadata, wait_for_ready=self._wait_for_ready)
        try:
            async for message in call:
                yield message
        except grpc.aio.AioRpcError as exc:
            raise self._named(exc) from exc
        finally:
            call.cancel()
        raise Unavailable(f"the server at {self.address} has stopped")

    def _named(self, error: grpc.aio.AioRpcError) -> VitalrigError:
        code, details = error.code(), error.details()
        if code is grpc.StatusCode.UNAUTHENTICATED:
            return BadSettings(f"the server at {self.address} wants another token ({details})")
        if refusal := _REFUSALS.get(code):
            return refusal(details)
        if code in _AWAY:
            return Unavailable(
                f"no server answers at {self.address} ({code.name}); "
                "is the rig up? `make up` starts it, `make ps` shows it"
            )
        return Unavailable(f"the server at {self.address} failed ({code.name}): {details}")
