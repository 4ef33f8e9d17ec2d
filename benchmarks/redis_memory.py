"""
Whether Redis holds what many cameras publish, with the memory that `make up` gives it.

    python benchmarks/redis_memory.py            a table
    python benchmarks/redis_memory.py --json     one flat JSON object

For 6 and for 100 cameras, 40 minutes of what the server publishes with everything switched on go
through its own Redis backend into a Redis with the rig's redis.conf, memory and limits of streams,
faster than real time: the entries bear simulated times, which is what streams are trimmed by. A
reader that keeps up sees each number of each camera.

`refused_N`: batches that Redis refused. `lost_N`: envelopes that the reader did not get, or got
twice. `least_held_s_N`, `held_s_N`: the shortest time that any stream held, from when it was five
minutes old, and at the end.
`peak_share_N`: the most memory that Redis took, of what it may. `stream_mib_a_minute`: what a
minute of one camera takes there, which `make up` reckons with.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "libs"), str(ROOT / "tools")]

import redis
import redis.asyncio

from benchmarks.support.feed import envelopes
from benchmarks.support.figures import show
from rig.redis_memory import RedisMemory, memory_bytes, plan
from services.physiology_server.backend_factory import stream_limits
from services.physiology_server.envelopes import Numbered, Outgoing
from services.physiology_server.publishing.backends.redis.redis_backend import RedisBackend
from services.physiology_server.settings import Settings
from tests.support.redis_server import RedisServer
from vitalrig import redis_keys
from vitalrig.clock import ManualClock
from vitalrig.errors import Unavailable

CAMERAS = (6, 100)
FIVE_MINUTES_S = 300
RECORDED_S = 120  # what is made once, and published again and again
APART_MS = 28  # 35 envelopes a second
LOOK_EVERY_S = 10
BEGAN_MS = 1_760_000_000_000
LIMITS = {
    f"{name}_{cameras}": bar
    for cameras in CAMERAS
    for name, bar in {
        "refused": ("at most", 0.0),
        "lost": ("at most", 0.0),
        "least_held_s": ("at least", float(FIVE_MINUTES_S)),
        "peak_share": ("at most", 1.0),
    }.items()
}


class SimulatedTime:
    """
    A client whose entries bear the times of a clock that is set, in place of Redis's own.

    Args:
        client: Redis.
        clock: The clock.
    """

    def __init__(self, client: redis.asyncio.Redis, clock: ManualClock) -> None:
        self._client = client
        self._clock = clock

    def pipeline(self, transaction: bool) -> Any:
        pipe = self._client.pipeline(transaction=transaction)
        execute_command = pipe.execute_command
        stamps_ms = count(BEGAN_MS + round(self._clock.monotonic_s() * 1_000), APART_MS)

        def stamped(*words: Any) -> Any:
            if words[0] == "XADD":
                place, stamp_ms = words.index("*"), next(stamps_ms)
                words = (*words[:place], f"{stamp_ms}-*", *words[place + 1 :])
            return execute_command(*words)

        pipe.execute_command = stamped
        return pipe


class Camera:
    """One camera's backend, and what a reader has seen of its stream."""

    def __init__(self, client: Any, prefix: str, memory: RedisMemory, clock: ManualClock) -> None:
        settings, _ = Settings.load([f"--stream_max_mib={memory.stream_mib}"], {})
        self.stream = redis_keys.envelopes_stream(prefix)
        self._backend = RedisBackend(client, prefix, "run", stream_limits(settings), clock=clock)
        self._published = self._read = 0
        self._after = b"0-0"
        self.refused = self.misread = 0

    async def publish(self, batch: Sequence[Outgoing]) -> None:
        numbered = [Numbered(self._published + n, each) for n, each in enumerate(batch, start=1)]
        try:
            await self._backend.send(numbered)
        except Unavailable:
            self.refused += 1
        self._published += len(batch)

    @property
    def lost(self) -> int:
        return self._published - self._read + self.misread

    def read(self, client: redis.Redis) -> None:
        for _, entries in client.xread({self.stream: self._after}, count=100_000):
            for entry_id, fields in entries:
                self._read += 1
                self.misread += int(fields[b"seq"]) != self._read
                self._after = entry_id


def by_second() -> list[list[Outgoing]]:
    """What one camera publishes, second by second."""
    made = list(envelopes(RECORDED_S))
    a_second = len(made) // RECORDED_S
    outgoing = [Outgoing(channel.partition(":")[2], envelope) for channel, envelope in made]
    return [outgoing[n * a_second : (n + 1) * a_second] for n in range(RECORDED_S)]


@contextmanager
def rigs_redis(memory: RedisMemory) -> Iterator[int]:
    """A Redis as the rig runs it, for its cameras."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start(
            "--include", str(ROOT / "config" / "redis.conf"),
            "--maxmemory", memory.variables()["RIG_REDIS_MAXMEMORY"],
        )  # fmt: skip
        try:
            yield server.port
        finally:
            server.stop()


def held_s(client: redis.Redis, stream: str) -> float:
    oldest, newest = client.xrange(stream, count=1), client.xrevrange(stream, count=1)
    first, last = (int(entries[0][0].partition(b"-")[0]) for entries in (oldest, newest))
    return (last - first) / 1_000


async def measure(cameras: int, minutes: float, at_hand_mib: int) -> dict[str, float]:
    """All figures for so many cameras on a machine with so much memory."""
    memory = plan(at_hand_mib, cameras)
    seconds, clock, began_s = by_second(), ManualClock(), time.monotonic()
    least_held_s = float("inf")
    with rigs_redis(memory) as port, redis.Redis(port=port, protocol=2) as reader:
        async with redis.asyncio.Redis(port=port, protocol=2) as publisher:
            client = SimulatedTime(publisher, clock)
            fleet = [Camera(client, f"camera-{n}", memory, clock) for n in range(cameras)]
            for second in range(round(minutes * 60)):
                clock.advance(1)
                for camera in fleet:
                    await camera.publish(seconds[second % RECORDED_S])
                if second % LOOK_EVERY_S == LOOK_EVERY_S - 1:
                    for camera in fleet:
                        camera.read(reader)
                        held = held_s(reader, camera.stream)
                        if second > FIVE_MINUTES_S + LOOK_EVERY_S:
                            least_held_s = min(least_held_s, held)
        info = reader.info("memory")
        stream_bytes = reader.memory_usage(fleet[0].stream)
        stream_s = held_s(reader, fleet[0].stream)
        ends_s = [held_s(reader, camera.stream) for camera in fleet]
    return {
        f"refused_{cameras}": sum(camera.refused for camera in fleet),
        f"lost_{cameras}": sum(camera.lost for camera in fleet),
        f"least_held_s_{cameras}": least_held_s,
        f"held_s_{cameras}": min(ends_s),
        f"peak_share_{cameras}": info["used_memory_peak"] / (memory.redis_mib * 2**20),
        f"redis_mib_{cameras}": memory.redis_mib,
        f"stream_mib_{cameras}": memory.stream_mib,
        f"took_s_{cameras}": time.monotonic() - began_s,
        "stream_mib_a_minute": stream_bytes / 2**20 / stream_s * 60,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one flat JSON object")
    parser.add_argument("--minutes", type=float, default=40, help="how much data (%(default)s)")
    parser.add_argument("--cameras", type=int, action="append", help="how many, in place of 6, 100")
    parser.add_argument("--at-hand-mib", type=int, default=memory_bytes() // 2**20,
        help="memory of the machine to reckon with (this one: %(default)s)")  # fmt: skip
    arguments = parser.parse_args()
    figures: dict[str, float] = {}
    for cameras in arguments.cameras or CAMERAS:
        figures |= asyncio.run(measure(cameras, arguments.minutes, arguments.at_hand_mib))
    show(figures, LIMITS, as_json=arguments.json)


if __name__ == "__main__":
    main()
