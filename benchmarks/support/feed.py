"""What our own server publishes, made beforehand: envelopes, and the same as Redis's bytes."""

import socket
from collections.abc import Iterator

from services.physiology_server.control import Control
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from services.physiology_server.sources.synthetic_source import SyntheticSource
from vitalrig.clock import ManualClock

START_US = 1_760_000_000_000_000


def envelopes(seconds: float) -> Iterator[tuple[str, bytes]]:
    """Yield channel and envelope of a recording with everything switched on."""
    clock = ManualClock(wall_us=START_US)
    control = Control(clock)
    control.start_core()
    control.start_edge_graph()
    control.take_changes()
    edge = Edge(enable_eda=True, enable_micromotion=True, source_kind="synthetic")
    core = Core(
        buffer_duration_s=0.2,
        enable_phasic_bp=True,
        source_kind="synthetic",
        run_id="benchmark",
        version="0",
        clock=clock,
    )
    pipeline = Pipeline(control, edge, core, "always")
    for frame in SyntheticSource(seed=1).frames():
        if frame.time_s >= seconds:
            return
        clock.advance(1 / 30)
        for outgoing in pipeline.step(frame, START_US + round(frame.time_s * 1_000_000)):
            if outgoing.channel in ("core_metrics", "edge_metrics"):
                yield f"physiology:{outgoing.channel}", outgoing.envelope


def message(channel: str, envelope: bytes) -> bytes:
    """One pushed message as Redis sends it."""
    name = channel.encode()
    return b"*3\r\n$7\r\nmessage\r\n$%d\r\n%b\r\n$%d\r\n%b\r\n" % (
        len(name), name, len(envelope), envelope,
    )  # fmt: skip


class Replayed(socket.socket):
    """A socket that gives prepared bytes, as fast as they are asked for."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = memoryview(data)
        self._at = 0

    def recv(self, size: int, _flags: int = 0) -> bytes:
        taken = bytes(self._data[self._at : self._at + size])
        self._at += len(taken)
        return taken

    def recv_into(self, buffer, nbytes: int = 0, _flags: int = 0) -> int:
        taken = self.recv(nbytes or len(buffer))
        buffer[: len(taken)] = taken
        return len(taken)
