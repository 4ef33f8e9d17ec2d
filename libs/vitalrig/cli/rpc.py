"""Calls to a physiology_server, with errors that say what to do next."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# What gRPC's core prints by itself is of no use to a person: errors are raised as well. It is asked
# for when the package is loaded.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from google.protobuf.empty_pb2 import Empty

from vitalrig.errors import BadSettings, InvalidState, Unavailable
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.secret_files import first_line

DEADLINE_S = 5.0
TOKEN_FILE = "VITALRIG_RPC_TOKEN_FILE"  # noqa: S105  the name of a file, no secret
CA_FILE = "VITALRIG_RPC_CA_FILE"
SERVER_NAME = "VITALRIG_RPC_SERVER_NAME"
DIRECT: tuple[tuple[str, int | str], ...] = (("grpc.enable_http_proxy", 0),)
"""A rig is never asked through a proxy, whatever the environment says."""
REFUSALS = (
    grpc.StatusCode.FAILED_PRECONDITION,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.UNAUTHENTICATED,
)


class Server:
    """
    The control side of one physiology_server.

    Each call returns the state after it.

    Args:
        channel: An open gRPC channel.
        address: Where it leads, for messages.
        token: What the server wants to hear; empty for none.
    """

    def __init__(self, channel: grpc.Channel, address: str, token: str = "") -> None:
        self._stub = pb_grpc.PhysiologyStub(channel)
        self._address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()

    def status(self) -> pb.StatusReply:
        """
        Ask for the state.

        Raises:
            Unavailable: If the server does not answer.
        """
        return self._call(self._stub.GetStatus, Empty())

    def start(self) -> pb.StatusReply:
        """
        Start Core and the Edge graph, unless they run.

        Raises:
            Unavailable: If the server does not answer.
            InvalidState: If it refuses.
        """
        self._call(self._stub.StartCore, Empty())
        return self._call(self._stub.StartEdgeGraph, Empty())

    def set_recording(self, recording: bool, session_id: str = "") -> pb.StatusReply:
        """
        Start or stop a recording. To stop what the end of the graph has stopped is no error.

        Raises:
            Unavailable: If the server does not answer.
            InvalidState: If it refuses.
        """
        request = pb.SetRecordingRequest(recording=recording, session_id=session_id)
        try:
            return self._call(self._stub.SetRecording, request)
        except InvalidState:
            if recording or (status := self.status()).recording:
                raise
            return status

    def _call(self, rpc: Callable[..., Any], request: object) -> pb.StatusReply:
        try:
            status: pb.StatusReply = rpc(request, timeout=DEADLINE_S, metadata=self._metadata)
        except grpc.RpcError as exc:
            if exc.code() in REFUSALS:
                raise InvalidState(exc.details()) from exc
            raise Unavailable(
                f"no physiology_server answers at {self._address} ({exc.code().name}); "
                "is the rig up? `make up` starts it, `make ps` shows it"
            ) from exc
        return status


@contextmanager
def connected(address: str, environ: Mapping[str, str] = os.environ) -> Iterator[Server]:
    """
    Open a channel to the server at *address* (host:port).

    The environment tells what a guarded server needs: `VITALRIG_RPC_TOKEN_FILE` names the file
    whose first line is the token, `VITALRIG_RPC_CA_FILE` the certificates to trust, in PEM; with
    the latter, TLS is spoken. `VITALRIG_RPC_SERVER_NAME` is a name that the certificate is for,
    where that is not the address.

    Raises:
        BadSettings: If one of the files cannot be read.
    """
    token_file = environ.get(TOKEN_FILE)
    token = first_line(Path(token_file), TOKEN_FILE) if token_file else ""
    trusted = _trusted(environ.get(CA_FILE))
    options = list(DIRECT)
    if name := environ.get(SERVER_NAME):
        options.append(("grpc.ssl_target_name_override", name))
    with (
        grpc.secure_channel(address, grpc.ssl_channel_credentials(trusted), options)
        if trusted
        else grpc.insecure_channel(address, options)
    ) as channel:
        yield Server(channel, address, token)


def _trusted(path: str | None) -> bytes:
    if not path:
        return b""
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise BadSettings(f"{CA_FILE}: {path} cannot be read ({exc.strerror})") from exc
