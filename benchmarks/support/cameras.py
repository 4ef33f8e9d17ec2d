"""
Many simulated cameras in one process, as `benchmarks/server.py` starts it.

    python -m benchmarks.support.cameras PORT CAMERAS SECONDS

Each camera is what the server makes of one: source, Core and Edge, outbox, publisher and Redis
backend. Prints one JSON object: CPU seconds, frames, dropped frames, lost envelopes.
"""

import asyncio
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from vitalrig.service.health import Health
from vitalrig.service.watchdog import Watchdog


async def main(port: int, cameras: int, seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        servers = [
            build(settings(port, number), Watchdog(Health(Path(folder) / f"{number}"), 60))
            for number in range(cameras)
        ]
        stop = threading.Event()
        runs = [asyncio.create_task(server.serve(stop)) for server in servers]
        await asyncio.sleep(2)  # until all have started
        began_cpu, began = time.process_time(), time.monotonic()
        frames = sum(server.state.frames for server in servers)
        await asyncio.sleep(seconds)
        print(
            json.dumps(
                {
                    "cpu_s": time.process_time() - began_cpu,
                    "wall_s": time.monotonic() - began,
                    "frames": sum(server.state.frames for server in servers) - frames,
                    "dropped": sum(server.state.drops.total for server in servers),
                    "waiting": max(len(server.state.outbox) for server in servers),
                    "lost": sum(server.state.outbox.lost for server in servers),
                }
            ),
            flush=True,
        )
        stop.set()
        await asyncio.wait(runs, timeout=20)


def settings(port: int, number: int) -> Settings:
    flags = {
        "source": "synthetic",
        "seed": number,
        "streaming_backend": "redis",
        "autostart": "true",
        "publish_core": "always",
        "port": 0,
        "redis_port": port,
        "redis_key_prefix": f"bench{number}",
        "stream_max_entries": 2_000,
        "frame_fps": 0,
    }
    argv = [f"--{key}={value}" for key, value in flags.items()]
    return Settings.load([*argv, "--enable_eda", "--enable_micromotion", "--enable_phasic_bp"], {})[
        0
    ]


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
