"""Calls to a physiology_server, with errors that say what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from google.protobuf.empty_pb2 import Empty

from vitalrig.errors import NotPossibleNow, Unavailable
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

DEADLINE_S = 5.0


class Server:
    """
    The control side of one physiology_server.

    Each call returns the state after it.

    Args:
        channel: An open gRPC channel.
        address: Where it leads, for messages.
    """

    def __init__(self, channel: grpc.Channel, address: str) -> None:
        self._stub = pb_grpc.PhysiologyStub(channel)
        self._address = address

    def status(self) -> pb.StatusReply:
        """
        Ask for the state.

        Raises:
            Unavailable: If the server does not answer.
        """
        with self._errors():
            status: pb.StatusReply = self._stub.GetStatus(Empty(), timeout=DEADLINE_S)
            return status

    def start(self) -> pb.StatusReply:
        """
        Start Core and the Edge graph, unless they run.

        Raises:
            Unavailable: If the server does not answer.
            NotPossibleNow: If it refuses.
        """
        with self._errors():
            self._stub.StartCore(Empty(), timeout=DEADLINE_S)
            status: pb.StatusReply = self._stub.StartEdgeGraph(Empty(), timeout=DEADLINE_S)
            return status

    def set_recording(self, recording: bool, session_id: str = "") -> pb.StatusReply:
        """
        Start or stop a recording.

        Raises:
            Unavailable: If the server does not answer.
            NotPossibleNow: If it refuses.
        """
        request = pb.SetRecordingRequest(recording=recording, session_id=session_id)
        with self._errors():
            status: pb.StatusReply = self._stub.SetRecording(request, timeout=DEADLINE_S)
            return status

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except grpc.RpcError as exc:
            if exc.code() in (
                grpc.StatusCode.FAILED_PRECONDITION,
                grpc.StatusCode.INVALID_ARGUMENT,
            ):
                raise NotPossibleNow(exc.details()) from exc
            raise Unavailable(
                f"no physiology_server answers at {self._address} ({exc.code().name}); "
                "is the rig up? `make up` starts it, `make ps` shows it"
            ) from exc


@contextmanager
def connected(address: str) -> Iterator[Server]:
    """
    Open a channel to the server at *address* (host:port).
    """
    with grpc.insecure_channel(address) as channel:
        yield Server(channel, address)
