"""
What a camera costs the server, and how late its messages are.

    python benchmarks/server.py            a table
    python benchmarks/server.py --json     one flat JSON object

`core_share_1_camera`: CPU seconds a second of the server's own process (`physiology_server`,
synthetic source at 30 frames a second, everything enabled, Redis backend, no pictures).
`publish_p99_ms`: from when a message was made (`metadata.sent_at_s`) until a subscriber of Redis
has it. `capture_p99_ms`: the same from when its frame was due, so with the clock's own lateness.
`cameras_per_core`: the most simulated cameras that one process on one core serves, each at 30
frames a second, without dropping a frame or losing an envelope; Redis runs on another core.
`grpc_missing`: messages that any of 8 subscribers of the gRPC streams lacks.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs")]

import grpc
import redis
from google.protobuf.empty_pb2 import Empty

from benchmarks.support.figures import show
from benchmarks.support.own_redis import own_redis
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.testing import Rig
from vitalrig.testing.rig_checks import wait_well

LIMITS = {
    "core_share_1_camera": ("at most", 0.10),
    "publish_p99_ms": ("at most", 5.0),
    "grpc_missing": ("at most", 0),
}
SUBSCRIBERS = 8
FPS = 30
ENABLED = ("--enable_eda", "--enable_micromotion", "--enable_phasic_bp", "--publish_core=always")
SYNTHETIC = ("--source=synthetic", "--autostart", "--frame_fps=0", *ENABLED)


class Server:
    """The program itself, as a process of a rig."""

    def __init__(self, rig: Rig, *flags: str) -> None:
        self.port = rig.take_port()
        told = (f"--port={self.port}", *flags)
        self._process = rig.spawn("physiology_server", "server", *told)
        wait_well(self._process)

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def one_camera(seconds: float) -> dict[str, float]:
    """Share of a core, and latency."""
    with own_redis() as rig, redis.Redis(port=rig.address.port) as client:
        spool = f"--spool_folder={rig.folder / 'spool'}"
        server = Server(rig, *SYNTHETIC, "--streaming_backend=redis", spool)
        listener = client.pubsub(ignore_subscribe_messages=True)
        listener.subscribe("physiology:edge_metrics", "physiology:core_metrics")
        _read_for(listener, 3)
        began_cpu, began = server.cpu_s(), time.monotonic()
        publish_ms, capture_ms = _read_for(listener, seconds)
        share = (server.cpu_s() - began_cpu) / (time.monotonic() - began)
        listener.close()
    return {
        "core_share_1_camera": share,
        "publish_p50_ms": _quantile(publish_ms, 0.5),
        "publish_p99_ms": _quantile(publish_ms, 0.99),
        "capture_p50_ms": _quantile(capture_ms, 0.5),
        "capture_p99_ms": _quantile(capture_ms, 0.99),
        "messages_per_s": len(capture_ms) / seconds,
    }


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _read_for(listener: redis.client.PubSub, seconds: float) -> tuple[list[float], list[float]]:
    """How late each message is, in ms: since it was made, and since its frame was due."""
    publish_ms, capture_ms = [], []
    began = time.monotonic()
    while (now := time.monotonic()) < began + seconds:
        message = listener.get_message(timeout=began + seconds - now)
        if message is not None:
            now_ms = time.time_ns() / 1e6
            envelope = json.loads(message["data"])
            capture_ms.append(now_ms - envelope["timestamp"] / 1e3)
            if "metadata" in envelope["payload"]:
                publish_ms.append(now_ms - envelope["payload"]["metadata"]["sent_at_s"] * 1e3)
    return publish_ms, capture_ms


def cameras(port: int, count: int, seconds: float) -> dict[str, float]:
    """Simulated cameras in one process, kept to one core."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.support.cameras", str(port), str(count), str(seconds)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'libs'}"}, check=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=seconds + 60,
        preexec_fn=lambda: os.sched_setaffinity(0, {0}),
    )  # fmt: skip
    return json.loads(done.stdout)


def most_cameras(seconds: float) -> dict[str, float]:
    """The most that one core serves, found by steps."""
    best, share = 0, 0.0
    with own_redis() as rig:
        for count in (1, 8, 16, 32, 48, 64, 80, 96, 112, 128, 160):
            found = cameras(rig.address.port, count, seconds)
            wanted = count * FPS * found["wall_s"]
            if found["dropped"] or found["lost"] or found["frames"] < 0.99 * wanted:
                break
            best, share = count, found["cpu_s"] / found["wall_s"]
    return {"cameras_per_core": best, "core_share_at_most_cameras": share}


def subscribers(seconds: float) -> dict[str, float]:
    """Eight readers of both metric streams: what does each lack?"""
    flags = ("--source=synthetic", "--streaming_backend=grpc", "--frame_fps=0", *ENABLED)
    with own_redis() as rig:
        server = Server(rig, *flags)
        address = f"127.0.0.1:{server.port}"
        heard = [set() for _ in range(SUBSCRIBERS)]
        channels = [grpc.insecure_channel(address) for _ in range(SUBSCRIBERS)]
        calls = [
            getattr(pb_grpc.PhysiologyStub(channel), rpc)(Empty())
            for channel in channels
            for rpc in ("StreamCoreMetrics", "StreamEdgeMetrics")
        ]
        threads = [
            threading.Thread(target=_listen, args=(call, heard[number // 2]), daemon=True)
            for number, call in enumerate(calls)
        ]
        for thread in threads:
            thread.start()
        time.sleep(1)
        stub = pb_grpc.PhysiologyStub(channels[0])
        stub.StartCore(Empty())
        stub.StartEdgeGraph(Empty())
        time.sleep(seconds)
        stub.StopEdgeGraph(Empty())
        time.sleep(1)
        for call in calls:
            call.cancel()
        for thread in threads:
            thread.join(5)
        for channel in channels:
            channel.close()
    everything = set().union(*heard)
    seqs = {seq for _, seq in everything}
    return {
        "grpc_messages": len(everything),
        "grpc_missing": sum(len(everything - own) for own in heard),
        "grpc_seconds": seconds,
        "grpc_first_seq": min(seqs),
    }


def _listen(call: object, heard: set) -> None:
    try:
        for message in call:
            heard.add((type(message).__name__, message.seq))
    except grpc.RpcError as exc:
        if exc.code() is not grpc.StatusCode.CANCELLED:
            raise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--json", action="store_true", help="print one flat JSON object")
    parser.add_argument("--seconds", type=float, default=60, help="length of each measurement")
    args = parser.parse_args()
    figures = one_camera(args.seconds)
    figures |= most_cameras(min(args.seconds, 8))
    figures |= subscribers(args.seconds)
    show(figures, LIMITS, as_json=args.json)


if __name__ == "__main__":
    main()
