"""The physiology_server as a process of its own, to be killed; and what it made, heard from it."""

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty

from tests.support.eventually import eventually
from tests.support.own_process import OwnService
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc


class ServerProcess(OwnService):
    """One run of the program."""

    def __init__(self, folder: Path, redis_port: int | None, number: int, **keys: object) -> None:
        self.port = free_port()
        usual = {
            "source": "synthetic",
            "streaming_backend": "redis",
            "autostart": True,
            "frame_fps": 0,
            "redis_port": redis_port,
            "port": self.port,
        }
        super().__init__("physiology_server", folder, f"server{number}", **usual | keys)
        self.start()

    def ready(self) -> "ServerProcess":
        self.says("physiology_server ready")
        return self

    def start_graph(self) -> None:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            stub = pb_grpc.PhysiologyStub(channel)
            stub.StartCore(Empty())
            stub.StartEdgeGraph(Empty())

    def record(self, session: str, *, recording: bool = True) -> None:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            request = pb.SetRecordingRequest(recording=recording, session_id=session)
            pb_grpc.PhysiologyStub(channel).SetRecording(request)

    def status(self) -> pb.StatusReply:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            return pb_grpc.PhysiologyStub(channel).GetStatus(Empty())

    def run_id(self) -> str:
        with grpc.insecure_channel(f"127.0.0.1:{self.port}") as channel:
            return str(pb_grpc.PhysiologyStub(channel).GetServerInfo(Empty()).run_id)


class Witness:
    """
    Listens to servers over gRPC, which Redis has no part in: what they made, by their numbers.
    """

    def __init__(self) -> None:
        self.made: dict[str, set[int]] = defaultdict(set)

    @contextmanager
    def listening(self, server: ServerProcess) -> Iterator[None]:
        run = server.run_id()
        channel = grpc.insecure_channel(f"127.0.0.1:{server.port}")
        stub = pb_grpc.PhysiologyStub(channel)

        def listen() -> None:
            try:
                for message in stub.StreamEdgeMetrics(Empty()):
                    self.made[run].add(message.seq)
            except grpc.RpcError:
                return

        thread = threading.Thread(target=listen)
        thread.start()
        eventually(lambda: self.made[run])
        try:
            yield
        finally:
            channel.close()
            thread.join(PATIENCE_S)


def entries(client, prefix="physiology"):
    """All of the stream: run, number, what it follows, channel and envelope of each entry."""
    return [
        (
            fields[b"run"].decode(),
            int(fields[b"seq"]),
            fields.get(b"follows", b"").decode(),
            fields[b"channel"].decode(),
            fields[b"envelope"],
        )
        for _, fields in client.xrange(f"{prefix}:envelopes")
    ]


def runs_in(client, prefix="physiology"):
    """The runs in the order in which they begin in the stream, each with its numbers."""
    runs = {}
    for run, seq, *_ in entries(client, prefix):
        runs.setdefault(run, []).append(seq)
    return runs


def once(numbers):
    """Numbers without those that came again; a number that came too late stays in its place."""
    highest, kept = 0, []
    for number in numbers:
        if number > highest:
            kept.append(number)
            highest = number
    return kept
