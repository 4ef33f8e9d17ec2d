"""A whole rig of a test's own, with short intervals."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess, OwnService
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.verifier.check import Finding, check
from tests.support.verifier.grpc_reader import GrpcReader
from tests.support.verifier.session_parts import lines_of, manifest_of
from tests.support.verifier.span import span_of
from tests.support.verifier.stream_reader import StreamReader
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

TRY_AGAIN = {
    grpc.StatusCode.UNAVAILABLE,  # it is being restarted
    grpc.StatusCode.FAILED_PRECONDITION,  # its graph does not run yet
    grpc.StatusCode.RESOURCE_EXHAUSTED,  # it says itself: send it again
}


class Rig:
    """
    Redis, a server, a collector and, for a server that only publishes, a relay.

    Args:
        folder: Where all of it is.
        relayed: The server only publishes, as the vendor's does.
        sessions: Where the collector writes, if not there.
        server: Settings of the server besides.
    """

    def __init__(self, folder: Path, *, relayed=False, sessions=None, server=None):
        self.folder = folder
        self.relayed = relayed
        self.server_port = free_port()
        self.sessions = sessions or folder / "sessions"
        self.address = f"127.0.0.1:{self.server_port}"
        self.clock = folder / "clock"
        self.set_clocks(0)
        (folder / "redis").mkdir()
        self.redis = RedisServer(folder / "redis")
        self.redis_port = self.redis.port
        self._server_settings = {
            "source": "synthetic", "streaming_backend": "redis", "autostart": True,
            "publish_core": "always", "frame_fps": 0, "fps": 60,
            "spool_folder": folder / "spool", "resume_recording": True,
            "redis_port": self.redis_port, "port": self.server_port,
            **({"stream_max_entries": 0} if relayed else {}), **(server or {}),
        }  # fmt: skip
        self._others: list[OwnProcess] = []
        self.server = self.a_server("server", self.server_port)
        self.collector = OwnService(
            "collector", folder, clock=self.clock, redis_port=self.redis_port,
            sessions_folder=self.sessions, fsync_interval_s=0.2, snapshot_interval_s=1,
        )  # fmt: skip
        self.programs = {"redis": self.redis, "server": self.server, "collector": self.collector}
        if relayed:
            self.programs["relay"] = OwnService(
                "collector.relay", folder, "relay", redis_port=self.redis_port
            )
        self.stream = StreamReader(self.redis_port)
        self.grpc = GrpcReader(self.address)

    def a_server(self, name: str, port: int, **settings: object) -> OwnProcess:
        program = OwnService(
            "physiology_server", self.folder, name, clock=self.clock,
            **self._server_settings | {"port": port} | settings,
        )  # fmt: skip
        self._others.append(program)
        return program

    def add(self, program: OwnProcess) -> None:
        """Start one more process, which ends with the rig."""
        self._others.append(program)
        program.start()

    @property
    def relay(self) -> OwnProcess:
        return self.programs["relay"]

    def set_clocks(self, off_s: float) -> None:
        """Set the wall clocks of server and collector, which both have, to another time."""
        new = self.clock.with_suffix(".new")
        new.write_text(str(off_s))
        new.rename(self.clock)

    # What a client does.

    def set_recording(self, session: str = "") -> bool:
        """Start the recording *session*, or stop the one that runs; whether the server did."""
        request = pb.SetRecordingRequest(recording=bool(session), session_id=session)
        options = (("grpc.use_local_subchannel_pool", 1),)
        with grpc.insecure_channel(self.address, options) as channel:
            try:
                pb_grpc.PhysiologyStub(channel).SetRecording(
                    request, timeout=PATIENCE_S, wait_for_ready=False
                )
            except grpc.RpcError as refused:
                if refused.code() in TRY_AGAIN:
                    return False
                raise
        return True

    def record(self, session: str) -> None:
        eventually(lambda: self.set_recording(session))

    def stop_recording(self) -> None:
        eventually(self.set_recording)

    # What is in the files.

    def lines(self, session: str) -> list[bytes]:
        return lines_of(self.sessions, session)

    def manifest(self, session: str) -> dict[str, Any]:
        return manifest_of(self.sessions, session)

    def is_finished(self, session: str) -> bool:
        return self.manifest(session).get("state") == "finished"

    def until_finished(self, session: str) -> None:
        eventually(lambda: self.is_finished(session))

    def until_more_is_written(self) -> None:
        """Wait until the newest session has grown."""
        before = self._written()
        eventually(lambda: self._written() > before)

    def until_more_is_published(self) -> None:
        before = len(self.stream.entries)
        eventually(lambda: len(self.stream.entries) > before)

    def _written(self) -> int:
        return sum(path.stat().st_size for path in self.sessions.glob("*.jsonl"))

    # What is right.

    def started_in_stream(self) -> list[str]:
        """The sessions whose start was published, in order."""
        states = [entry.state for entry in self.stream.entries]
        return list(dict.fromkeys(state[1] for state in states if state is not None and state[0]))

    def finding(self, session: str) -> Finding:
        span = span_of(session, self.stream.entries, self.grpc.made)
        return check(span, self.lines(session), self.manifest(session))

    # Its life.

    def start(self) -> None:
        for program in self.programs.values():
            program.start()
        self.stream.start()
        self.grpc.start()
        eventually(lambda: self.stream.entries)
        # A collector that has never looked at a stream takes no recording that is over by then.
        eventually(lambda: "reading the stream" in self.collector.log_text())

    def end(self) -> None:
        for program in [*reversed(self.programs.values()), *self._others]:
            program.kill()
        self.grpc.stop()
        self.stream.stop()

    def keep_record(self, folder: Path) -> None:
        """Put what the readers heard beside the logs, for whoever looks at a failure."""
        self.stream.save(folder / "stream")
        (folder / "made.json").write_text(json.dumps(self.grpc.made))


@contextmanager
def a_rig(folder: Path | None = None, **settings: Any) -> Iterator[Rig]:
    """A rig that runs until the block ends. What failed keeps its folder and says where it is."""
    kept = Path(tempfile.mkdtemp(prefix="vitalrig-chaos-"))
    rig = Rig(folder or kept, **settings)
    try:
        rig.start()
        yield rig
    except BaseException:
        rig.end()
        if folder is not None:
            shutil.copytree(folder, kept, dirs_exist_ok=True)
        rig.keep_record(kept)
        print(f"kept: {kept}")  # noqa: T201  pytest shows it
        raise
    else:
        rig.end()
        shutil.rmtree(kept)
