"""
The whole server, played to the end of a finite capture and read back as clients read it.

A run is controlled over gRPC whatever its backend is, as the guide does it, and played as fast as
it goes. So a reader over gRPC gets a queue that holds all of it: what a full one does is promised
elsewhere.
"""

import json
import math
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

import grpc
import numpy as np
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty

from services.physiology_server import app
from services.physiology_server.publishing.subscribers import Subscribers
from services.physiology_server.settings import Settings
from smartspectra.ipc.wire.channels import CORE_METRICS, EDGE_METRICS, KINDS, STATUS
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.redis_server import RedisServer
from tests.support.running import a_watchdog, load, running
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

BACKENDS = ("grpc", "file", "redis")
FPS = 30.0

FASTEST = math.inf
_A_WHOLE_RUN = 100_000  # messages
LONGEST_PLAY_S = 180.0
_END = "conformance:end"


@dataclass(frozen=True)
class Play:
    """
    What is played.

    For how long, what happens meanwhile, how the server is set, and at which speed if it matters.
    """

    duration_s: float
    timeline: Sequence[Mapping[str, Any]] = ()
    keys: Mapping[str, Any] = field(default_factory=dict)
    speed: float = FASTEST


@dataclass(frozen=True)
class Message:
    """An envelope, or what a stream of gRPC has in its place."""

    type: str
    timestamp_us: int
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Run:
    """
    What a reader has of one run.

    `lines` are envelopes as they came, by kind; over gRPC there are none, but `replies`. `missed`
    is what a reader over gRPC was told that it missed. `folder` is the run's own; files are in
    its folder `file_ipc_output`.
    """

    backend: str
    play: Play
    frames: int
    began_us: int
    ended_us: int
    lines: Mapping[str, Sequence[bytes]]
    replies: Mapping[str, Sequence[Any]]
    folder: Path

    @cached_property
    def _messages(self) -> Mapping[str, Sequence[Message]]:
        if self.backend == "grpc":
            return {
                kind: [_understood(kind, reply) for reply in replies]
                for kind, replies in self.replies.items()
            }
        return {kind: [_parsed(line) for line in lines] for kind, lines in self.lines.items()}

    def messages(self, kind: str) -> Sequence[Message]:
        return self._messages[kind]

    def series(self, kind: str, path: str) -> list[Mapping[str, Any]]:
        part, name = path.split(".")
        return [
            sample
            for message in self.messages(kind)
            for sample in message.payload.get(part, {}).get(name, [])
        ]

    @property
    def missed(self) -> int:
        return sum(reply.missed for replies in self.replies.values() for reply in replies)


def _parsed(line: bytes) -> Message:
    document = json.loads(line)
    return Message(document["type"], document["timestamp"], document["payload"])


def _understood(kind: str, reply: Any) -> Message:
    part = reply.status if kind == STATUS else reply.metrics
    payload = json_format.MessageToDict(
        part, preserving_proto_field_name=True, always_print_fields_with_no_presence=kind == STATUS
    )
    return Message(kind, reply.timestamp_us, payload)


def times_s(samples: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Protobuf's JSON leaves out zeros, so the first frame has no time."""
    return np.array([sample.get("time", 0.0) for sample in samples])


def values(samples: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return np.array([sample.get("value", 0.0) for sample in samples])


def stamps_us(samples: Sequence[Mapping[str, Any]]) -> np.ndarray:
    return np.array([int(sample["timestamp"]) for sample in samples])


class _FileReader:
    """Reads the folder when the server is done."""

    def __init__(self, folder: Path, _redis: RedisServer) -> None:
        self._folder = folder / "file_ipc_output"
        self.keys = {"file_base_directory": self._folder}
        self.replies: dict[str, list[Any]] = {}

    @contextmanager
    def reading(self, _channel: grpc.Channel) -> Iterator[None]:
        yield

    def finish(self) -> dict[str, list[bytes]]:
        return {path.stem: path.read_bytes().splitlines() for path in self._folder.glob("*.jsonl")}


class _RedisReader:
    """Subscribes to every channel before the server starts."""

    def __init__(self, folder: Path, server: RedisServer) -> None:
        # What a busy Redis answers too late is published again.
        patience_ms = round(1_000 * PATIENCE_S)
        config = {"port": server.port, "operation_timeout_ms": patience_ms}
        path = folder / "redis_config.json"
        path.write_text(json.dumps(config))
        self.keys = {"redis_config_path": path}
        self.replies: dict[str, list[Any]] = {}
        self._client = server.client()
        self._client.flushall()
        self._listener = self._client.pubsub(ignore_subscribe_messages=True)
        self._listener.psubscribe("physiology:*", _END)
        self._listener.get_message(timeout=PATIENCE_S)
        self._lines: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        for message in self._listener.listen():
            channel = message["channel"].decode()
            if channel == _END:
                return
            self._lines[channel.removeprefix("physiology:")].append(message["data"])

    @contextmanager
    def reading(self, _channel: grpc.Channel) -> Iterator[None]:
        yield

    def finish(self) -> dict[str, list[bytes]]:
        self._client.publish(_END, b"")
        self._thread.join(PATIENCE_S)
        self._listener.close()
        self._client.close()
        return self._lines


class _GrpcReader:
    """Subscribes to the three streams before Core starts."""

    def __init__(self, _folder: Path, _redis: RedisServer) -> None:
        self.keys: dict[str, Any] = {}
        self.replies: dict[str, list[Any]] = {CORE_METRICS: [], EDGE_METRICS: [], STATUS: []}

    @contextmanager
    def reading(self, channel: grpc.Channel) -> Iterator[None]:
        stub = pb_grpc.PhysiologyStub(channel)
        streams = {
            CORE_METRICS: stub.StreamCoreMetrics(Empty()),
            EDGE_METRICS: stub.StreamEdgeMetrics(Empty()),
            STATUS: stub.StreamStatus(Empty()),
        }
        for stream in streams.values():
            stream.initial_metadata()  # comes when the server knows this reader
        self._threads = [
            threading.Thread(target=self.replies[kind].extend, args=(stream,))
            for kind, stream in streams.items()
        ]
        for thread in self._threads:
            thread.start()
        yield

    def finish(self) -> dict[str, list[bytes]]:
        for thread in self._threads:
            thread.join(PATIENCE_S)
        return {}


_READERS = {"file": _FileReader, "redis": _RedisReader, "grpc": _GrpcReader}


def play(what: Play, backend: str, folder: Path, redis: RedisServer) -> Run:
    """Play to the end, and read what there was from *backend*."""
    scenario = folder / "scenario.yml"
    document = {"name": "x", "duration_s": what.duration_s, "timeline": list(what.timeline)}
    scenario.write_text(json.dumps(document))  # which is YAML too
    reader = _READERS[backend](folder, redis)
    keys = {
        "streaming_backend": backend, "port": 0, "scenario": scenario, "speed": what.speed,
        "fps": FPS, "frame_fps": 0,
    }  # fmt: skip
    settings = load(Settings, **keys | reader.keys | what.keys)
    with patch.object(app, "Subscribers", lambda: Subscribers(_A_WHOLE_RUN)):
        server = app.build(settings, a_watchdog(folder))
    with ExitStack() as channels:  # a reader over gRPC hears the server's goodbye
        # As a stop lets readers read what waits for them, on a busy machine too.
        with patch.object(app, "GRACE_S", PATIENCE_S), running(server):
            eventually(lambda: server.port)
            address = f"127.0.0.1:{server.port}"
            channel = channels.enter_context(grpc.insecure_channel(address))
            stub = pb_grpc.PhysiologyStub(channel)
            with reader.reading(channel):
                began_us = time.time_ns() // 1_000
                stub.StartCore(Empty())
                stub.StartEdgeGraph(Empty())
                until_the_end(server)
                ended_us = time.time_ns() // 1_000
        lines = reader.finish()
    frames = server.state.frames
    return Run(backend, what, frames, began_us, ended_us, lines, reader.replies, folder)


def until_the_end(server: app.PhysiologyServer) -> None:
    """Wait until a finite source has ended and all that it gave is in the outbox."""
    state = server.state
    eventually(
        lambda: state.frames and not state.control.edge_running and state.graph_time_s == 0.0,
        within_s=LONGEST_PLAY_S,
    )
