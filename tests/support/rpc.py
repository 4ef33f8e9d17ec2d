"""The gRPC side alone, really serving: no Redis, no frames but those that a test sends."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from services.physiology_server.control import Control
from services.physiology_server.dropped_frames import DroppedFrames
from services.physiology_server.envelopes import envelope
from services.physiology_server.publishing.backends.grpc_backend import GrpcBackend
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.publishing.publisher import Publisher
from services.physiology_server.publishing.subscribers import Subscribers
from services.physiology_server.rpc.operations import Operations, ServerInfo
from services.physiology_server.rpc.rpc_options import RpcOptions
from services.physiology_server.rpc.rpc_server import RpcServer
from services.physiology_server.state import ServerState
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.running import running
from vitalrig.clock import SystemClock
from vitalrig.errors import InvalidState
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.rpc.client import PhysiologyClient
from vitalrig.service.health import Health
from vitalrig.service.heartbeats import ServiceHeartbeats

OTHER = Path(__file__).with_name("other_service.proto")


class Desk:
    """Takes pictures like a capture that has room for all, but for times that do not rise."""

    def __init__(self):
        self.pictures = []
        self.claims = 0
        self._claimed = False
        self._last_us = -1

    @contextlib.contextmanager
    def claim(self):
        if self._claimed:
            raise InvalidState("another client uploads frames")
        self.claims += 1
        self._claimed = True
        try:
            yield self
        finally:
            self._claimed = False

    async def put(self, picture, timestamp_us):
        if timestamp_us <= self._last_us:
            return "time_not_rising"
        self._last_us = timestamp_us
        self.pictures.append(picture)
        return None


class RpcRig:
    """State, streams and server; what a test puts in goes the way of the frame loop."""

    def __init__(self, folder, *, source="synthetic", uploads=None, queue=256, **options):
        about = ServerInfo(source, "grpc", "bedside", "run1", 1_000_000, ("eda",))
        clock = SystemClock()
        beats = ServiceHeartbeats("physiology_server", "", clock)
        self.control = Control(clock)
        self.outbox = Outbox(10_000)
        self.state = ServerState(self.control, self.outbox, {"pulse": 9.0}, DroppedFrames(beats))
        self.subscribers = Subscribers(queue)
        self.publisher = Publisher(
            self.outbox,
            GrpcBackend(self.subscribers),
            beats,
            Health(folder / "rpc.health"),
            clock,
        )
        self.rpc = RpcServer(
            RpcOptions(**{"port": 0} | options),
            Operations(self.state, about, uploads),
            self.subscribers,
        )
        self.port = 0

    def run(self, stop: threading.Event) -> None:
        asyncio.run(self._run(stop))

    async def _run(self, stop: threading.Event) -> None:
        self.loop = asyncio.get_running_loop()
        self.port = await self.rpc.start()
        publishing = asyncio.create_task(self.publisher.run())
        await asyncio.to_thread(stop.wait)
        publishing.cancel()
        await self.publisher.flush()
        await self.rpc.stop(0.1)

    def do(self, call, *args):
        """Call on the event loop, and wait until it is done."""
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (call(*args), done.set()))
        assert done.wait(PATIENCE_S)

    def publish(self, kind, timestamp_us, payload):
        self.do(self.outbox.put, envelope(kind, timestamp_us, payload))

    def started(self):
        self.do(self.control.start_core)
        self.do(self.control.start_edge_graph)
        self.do(self.state.announce)
        return self

    def channel(self):
        return grpc.insecure_channel(f"127.0.0.1:{self.port}")


@contextlib.contextmanager
def serving(folder, **options) -> Iterator[RpcRig]:
    rig = RpcRig(folder, **options)
    with running(rig):
        eventually(lambda: rig.port)
        yield rig


@contextlib.contextmanager
def own_stub(rig):
    with rig.channel() as channel:
        yield pb_grpc.PhysiologyStub(channel)


class BlockingClient:
    """Calls of a `PhysiologyClient`, for tests that are not asynchronous."""

    def __init__(self, runner, client):
        self._runner = runner
        self._client = client

    def __getattr__(self, name):
        call = getattr(self._client, name)
        return lambda *args, **kwargs: self._runner.run(call(*args, **kwargs))


@contextlib.contextmanager
def connected(address, environ=os.environ):
    """Our own client, as the environment says."""
    with asyncio.Runner() as runner:
        client = runner.run(_opened(address, environ))
        try:
            yield BlockingClient(runner, client)
        finally:
            runner.run(client.close())


async def _opened(address, environ):
    return PhysiologyClient.from_environment(address, environ)


def subscribed(stream):
    """Wait until the server knows this reader: its first metadata say so."""
    stream.initial_metadata()
    return stream


def compile_proto(proto: Path, folder: Path) -> Path:
    """What `protoc --include_imports` makes of *proto*."""
    out = folder / f"{proto.stem}.pb"
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", f"-I{proto.parent}", "--include_imports",
            "--include_source_info", f"--descriptor_set_out={out}", str(proto),
        ],
        check=True,
    )  # fmt: skip
    return out


class Messages:
    """Message classes of a FileDescriptorSet, as a foreign client has them."""

    def __init__(self, path: Path, package: str) -> None:
        self._pool = descriptor_pool.DescriptorPool()
        for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
            self._pool.Add(file)
        self._package = package

    def __getattr__(self, name):
        full_name = f"{self._package}.{name}"
        return message_factory.GetMessageClass(self._pool.FindMessageTypeByName(full_name))
