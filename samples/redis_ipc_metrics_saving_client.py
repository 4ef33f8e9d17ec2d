"""
Save a camera's metrics from Redis, and control the recording from the keyboard.

    python samples/redis_ipc_metrics_saving_client.py --port 50051 \
        --combined_metrics_file ./metrics.jsonl --summary_file ./metrics_summary.json

Keys, each followed by Enter: s or start, t or stop, r or reset, q or quit.
"""

import argparse
import asyncio
import os
import signal
import socket
import sys
import threading
from collections.abc import Awaitable
from pathlib import Path

import grpc
from google.protobuf.empty_pb2 import Empty

from smartspectra.ipc import (
    MetricsCollector,
    MetricsCollectorConfig,
    RespReader,
    StorageOptions,
    encode_command,
)
from smartspectra.ipc.resp import RespError
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc
from vitalrig.version import VERSION

HELP = "s start   t stop   r reset   q quit"
DEADLINE_S = 5.0
LISTEN_S = 0.5
RECONNECT_S = 1.0
LAST_WORD_S = 2.0


class Control:
    """
    The server's gRPC side; what it refuses is said, and recording goes on.

    Args:
        address: Where the server is, ``host:port``.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._channel = grpc.aio.insecure_channel(address)
        self._stub = pb_grpc.PhysiologyStub(self._channel)

    async def start(self) -> None:
        """Start Core and the Edge graph, unless they run."""
        if await self._call("start core", self._stub.StartCore(Empty(), timeout=DEADLINE_S)):
            await self._call("start edge", self._stub.StartEdgeGraph(Empty(), timeout=DEADLINE_S))

    async def set_recording(self, recording: bool, session_id: str = "") -> None:
        """Start or stop the recording."""
        request = pb.SetRecordingRequest(recording=recording, session_id=session_id)
        word = "recording" if recording else "stopped"
        await self._call(word, self._stub.SetRecording(request, timeout=DEADLINE_S))

    async def reset(self) -> None:
        """Clear Core's buffer: rates settle anew."""
        await self._call("reset", self._stub.ResetProcessing(Empty(), timeout=DEADLINE_S))

    async def close(self) -> None:
        """Let the connection go."""
        await self._channel.close()

    async def _call(self, what: str, call: Awaitable[pb.StatusReply]) -> bool:
        try:
            await call
        except grpc.aio.AioRpcError as exc:
            if exc.code() is grpc.StatusCode.UNAVAILABLE:
                say(f"{what}: no server answers at {self._address}; is it running?")
            else:
                say(f"{what}: {exc.details()}")
            return False
        say(f"{what}: done")
        return True


class Listener:
    """
    Feeds a collector with what Redis publishes, in a thread of its own.

    Redis may come and go: the connection is made again, and the session's manifest says
    that there may be a gap.

    Args:
        collector: Is touched by no other thread while this runs.
        password: For Redis; empty for none.

    Attributes:
        ready: Set once it listens.
        idle: Set while no recording is on.
        refused: Why Redis does not let us in; empty if it does.
    """

    def __init__(self, collector: MetricsCollector, password: str) -> None:
        self._collector = collector
        self._password = password
        self.ready = threading.Event()
        self.idle = threading.Event()
        self.idle.set()
        self.refused = ""

    def run(self, stop: threading.Event) -> None:
        """Listen until *stop* is set."""
        config = self._collector.config
        where = f"{config.redis_host}:{config.redis_port}"
        while not stop.is_set():
            try:
                with socket.create_connection((config.redis_host, config.redis_port), 5) as sock:
                    reader = self._subscribed(sock)
                    say(f"listening to {where}")
                    self.ready.set()
                    self._listen(reader, stop)
            except RespError as exc:
                self.refused = f"redis at {where} refuses: {exc}; see --redis_password_file"
                return
            except OSError as exc:
                say(f"redis at {where}: {exc}; trying again")
                if self._collector.recording:
                    self._collector.note_gap(0, "the connection to Redis was lost")
                stop.wait(RECONNECT_S)

    def _subscribed(self, sock: socket.socket) -> RespReader:
        collector, reader = self._collector, RespReader(sock)
        if self._password:
            sock.sendall(encode_command("AUTH", self._password))
            reader.read()
        sock.sendall(encode_command("PING"))
        reader.read()
        channels = (
            collector.core_channel,
            collector.edge_channel,
            collector.recording_channel,
        )
        sock.sendall(encode_command("SUBSCRIBE", *channels))
        for _ in channels:
            reader.read()
        sock.settimeout(LISTEN_S)
        return reader

    def _listen(self, reader: RespReader, stop: threading.Event) -> None:
        was_recording = self._collector.recording
        while not stop.is_set():
            pushed = [each for each in reader.read_many() if isinstance(each, list)]
            batch = [each[2] for each in pushed if each[:1] == [b"message"]]
            if batch:
                self._collector.process_envelopes(batch)
            self._collector.tick()
            if self._collector.recording != was_recording:
                was_recording = self._collector.recording
                (self.idle.clear if was_recording else self.idle.set)()
                word = "begins" if was_recording else "is finished"
                say(f"session {self._collector.current_session_id} {word}")


async def main(arguments: argparse.Namespace) -> str:
    """
    Save until q, Ctrl-C or SIGTERM.

    Returns:
        What went wrong; empty if nothing did.
    """
    try:
        collector = MetricsCollector(config_of(arguments), StorageOptions(software_version=VERSION))
    except ValueError as exc:  # a session id that cannot be a file's name, one path for both files
        return str(exc)
    listener = Listener(collector, password_of(arguments))
    control = Control(f"localhost:{arguments.port}")
    collector.start()
    stop = threading.Event()
    listening = asyncio.create_task(asyncio.to_thread(listener.run, stop))
    try:
        await asyncio.to_thread(listener.ready.wait, LAST_WORD_S)
        await control.start()
        say(HELP)
        started = await obey(control, listening, arguments.session_id or "")
        if started:
            await control.set_recording(False)
            await asyncio.to_thread(listener.idle.wait, LAST_WORD_S)
    finally:
        stop.set()
        await asyncio.wait([listening])
        await control.close()
        collector.stop()
        say("files are finished")
    await listening
    return listener.refused


async def obey(control: Control, listening: "asyncio.Task[None]", session_id: str) -> bool:
    """
    Do what the keyboard says, until it says quit or nobody listens any more.

    Returns:
        Whether a recording that was started here goes on.
    """
    words = commands()
    started = False
    while not listening.done():
        asked = asyncio.create_task(words.get())
        await asyncio.wait([asked, listening], return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            asked.cancel()
            break
        match asked.result():
            case "s" | "start":
                await control.set_recording(True, session_id)
                started = True
            case "t" | "stop":
                await control.set_recording(False)
                started = False
            case "r" | "reset":
                await control.reset()
            case "q" | "quit":
                break
            case "":
                pass
            case other:
                say(f"{other}: unknown; {HELP}")
    return started


def commands() -> "asyncio.Queue[str]":
    """Words from the keyboard; Ctrl-C and SIGTERM say quit as well."""
    loop = asyncio.get_running_loop()
    words: asyncio.Queue[str] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, words.put_nowait, "quit")

    def read() -> None:
        # Not sys.stdin, whose lock a waiting thread would hold when the program ends. At the
        # end of input the recording goes on: there is no keyboard in the background.
        rest = b""
        while data := os.read(0, 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                word = line.decode(errors="replace").strip().lower()
                loop.call_soon_threadsafe(words.put_nowait, word)

    threading.Thread(target=read, daemon=True).start()
    return words


def config_of(arguments: argparse.Namespace) -> MetricsCollectorConfig:
    """What to record, and where."""
    return MetricsCollectorConfig(
        redis_host=arguments.redis_host,
        redis_port=arguments.redis_port,
        redis_key_prefix=arguments.redis_key_prefix,
        output_jsonl_path=arguments.combined_metrics_file,
        output_json_path=arguments.summary_file,
        append_mode=arguments.append,
        whitespace=arguments.whitespace,
        session_id=arguments.session_id,
    )


def password_of(arguments: argparse.Namespace) -> str:
    """Redis's password; in a file, since everyone can see a program's arguments."""
    path: Path | None = arguments.redis_password_file
    return path.read_text().strip() if path else ""


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments, under their documented names."""
    parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
    add = parser.add_argument
    add("--port", type=int, default=50051, help="gRPC port of the server")
    add("--redis_host", default="localhost", help="where Redis is")
    add("--redis_port", type=int, default=6379, help="Redis's port")
    add("--redis_key_prefix", default="physiology", help="the camera")
    add("--redis_password_file", type=Path, help="file that holds Redis's password")
    add("--combined_metrics_file", type=Path, default=Path("metrics.jsonl"),
        help="base path of the JSONL; each session's is made from it")  # fmt: skip
    add("--summary_file", type=Path, default=Path("metrics_summary.json"),
        help="base path of the summary; each session's is made from it")  # fmt: skip
    add("--append", action="store_true", help="go on in files that exist")
    add("--whitespace", action="store_true", help="write readable JSON")
    add("--session_id", help="name of the session; by default made from date and time")
    return parser.parse_args(argv)


def say(text: str) -> None:
    """Tell the person at the keyboard, at once."""
    print(text, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(parsed())) or 0)
    except OSError as failure:
        sys.exit(str(failure))
