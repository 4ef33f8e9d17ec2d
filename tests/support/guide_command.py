"""
A command line of the guide, run as it stands: `python -m tests.support.guide_command FOLDER LINE`.

The server is a process of its own in FOLDER, with the documented ports, and is driven as the
guide's clients drive it. What was seen is printed as JSON. It exits with 77 where the documented
ports are taken and no network of its own can be had.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from tests.support import own_network  # before what may start threads
from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess
from tests.support.patience import PATIENCE_S

GRPC_PORT, REDIS_PORT = 50051, 6379
NOT_POSSIBLE = 77
ROOT = Path(__file__).parents[2]

SESSION = "session_001"
AWAY = "the camera gives no pictures"
STAYS_UP_S = 1.8
"""A camera that is away is tried again after 0.5 s and after another second."""
PICTURES = 30


def main(folder: Path, line: str) -> int:
    # Whoever ends this program ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ExitStack() as stack:
        if not own_network.enter():
            lock = Path(tempfile.gettempdir()) / "vitalrig-guide-command.lock"
            flock(stack.enter_context(lock.open("w")), LOCK_EX)  # one at a time
            if not (own_network.is_free(GRPC_PORT) and own_network.is_free(REDIS_PORT)):
                sys.stderr.write(f"port {GRPC_PORT} or {REDIS_PORT} is taken\n")
                return NOT_POSSIBLE
        wants_redis = "--streaming_backend=redis" in line
        heard = stack.enter_context(listening(folder)) if wants_redis else []
        seen = served(folder, line)
        seen["channels"] = heard
    sys.stdout.write(json.dumps(seen))
    return 0


def served(folder: Path, line: str) -> dict[str, Any]:
    """Start the server, drive it, and stop it."""
    process = OwnProcess("server", ["sh", "-c", f"exec {line}"], folder, **environment(folder))
    process.start()
    try:
        seen = driven(process)
    finally:
        process.stop()
    return seen | {"exit": process.exit_status, "log": process.log_text()}


def environment(folder: Path) -> dict[str, str]:
    """The command `physiology_server` is on the path, as in its image."""
    command = folder / "bin" / "physiology_server"
    command.parent.mkdir()
    command.write_text(
        "#!/bin/sh\n"
        f'PYTHONPATH={ROOT} exec {sys.executable} -P -m services.physiology_server "$@"\n'
    )
    command.chmod(0o755)
    inherited = {key: text for key, text in os.environ.items() if not key.startswith("VITALRIG_")}
    return inherited | {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        # Beside others that run now; the guide does not say where health is written.
        "VITALRIG_PHYSIOLOGY_SERVER_HEALTH_FILE": str(folder / "health"),
    }


def driven(process: OwnProcess) -> dict[str, Any]:
    import grpc
    from google.protobuf.empty_pb2 import Empty

    from vitalrig.rpc import physiology_pb2 as pb
    from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

    with grpc.insecure_channel(f"127.0.0.1:{GRPC_PORT}") as channel:
        grpc.channel_ready_future(channel).result(timeout=PATIENCE_S)
        stub = pb_grpc.PhysiologyStub(channel)
        info = stub.GetServerInfo(Empty())
        seen: dict[str, Any] = {
            "backend": info.backend, "source": info.source, "camera": info.camera,
            "capabilities": list(info.capabilities), "statuses": [stub.GetStatus(Empty()).status],
            "buffer_duration_s": stub.GetStatus(Empty()).buffer_duration_s,
        }  # fmt: skip
        stub.StartCore(Empty())
        stub.StartEdgeGraph(Empty())
        reply = stub.SetRecording(pb.SetRecordingRequest(recording=True, session_id=SESSION))
        seen["recording"] = [reply.recording, reply.session_id]
        if info.source == "upload":
            seen |= uploaded(stub)
        elif info.source == "camera":
            eventually(lambda: AWAY in process.log_text())
            seen["status_answers"] = answers(stub, process)
        else:
            eventually(lambda: all(process.log_text().count(words) > 1 for words in FIGURES))
        seen["statuses"].append(stub.GetStatus(Empty()).status)
        stub.SetRecording(pb.SetRecordingRequest(recording=False))
        stub.ResetProcessing(Empty())
        stub.StopEdgeGraph(Empty())
        seen["statuses"].append(stub.StopCore(Empty()).status)
    return seen


FIGURES = ("throughput and latency", "transfer from Edge to Core")
"""What is logged every three seconds; the first time the graph has not run for all of them."""


def answers(stub: Any, process: OwnProcess) -> list[int]:
    """What the server answers as long as two further attempts take."""
    from google.protobuf.empty_pb2 import Empty

    found, end_s = [], time.monotonic() + STAYS_UP_S
    while time.monotonic() < end_s and process.is_running:
        found.append(stub.GetStatus(Empty()).status)
        time.sleep(0.1)
    return found


def uploaded(stub: Any) -> dict[str, Any]:
    """Send a second of pictures as the guide's gRPC clients do; read what comes of them."""
    from google.protobuf.empty_pb2 import Empty

    from vitalrig.rpc import physiology_pb2 as pb

    streams = [stub.StreamCoreMetrics(Empty(), timeout=PATIENCE_S), stub.StreamEdgeMetrics(Empty())]
    for stream in streams:
        stream.initial_metadata()
    mat = pb.Mat(rows=48, cols=64, element_type=16, element_size=3, data=bytes(48 * 64 * 3))
    frames = (
        pb.FrameWithTimestamp(timestamp=number * 1_000_000 // PICTURES, frame=mat)
        for number in range(PICTURES)
    )
    report = stub.UploadFrames(frames, timeout=PATIENCE_S)
    edge = [next(streams[1]) for _ in range(PICTURES)]
    core = [next(streams[0]) for _ in range(5)]
    for stream in streams:
        stream.cancel()
    return {
        "upload": [report.received, report.used],
        "edge_messages": len(edge),
        "core_frames": sum(message.metrics.metadata.frame_count for message in core),
    }


@contextmanager
def listening(folder: Path) -> Iterator[list[str]]:
    """A Redis at its documented port; the channels that were used are known at the end."""
    from tests.support.redis_server import RedisServer
    from tests.support.subscriber import Subscriber

    (folder / "redis").mkdir()
    server = RedisServer(folder / "redis", port=REDIS_PORT)
    heard: list[str] = []
    try:
        server.start()
        with server.client() as client:
            subscriber = Subscriber(client)
            yield heard
            names = [message["channel"].decode() for message in subscriber.heard()]
            heard += [name for name in names if not name.startswith("vitalrig:")]  # ours, beside
            subscriber.close()
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
