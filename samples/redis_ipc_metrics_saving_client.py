"""
Save a camera's metrics from Redis, and control the recording from the keyboard.

    python samples/redis_ipc_metrics_saving_client.py --port 50051 \
        --combined_metrics_file ./metrics.jsonl --summary_file ./metrics_summary.json

Keys, each followed by Enter: s or start, t or stop, r or reset, q or quit.
"""

import argparse
import asyncio
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from on_prem import Control, add_server_arguments, obey, say, start_and_explain

from smartspectra.ipc import (
    MetricsCollector,
    MetricsCollectorConfig,
    RespReader,
    StorageOptions,
    encode_command,
)
from smartspectra.ipc.wire.resp import RespError
from vitalrig.version import VERSION

KEYS = {"s": "start", "t": "stop", "r": "reset", "q": "quit"}
LISTEN_S = 0.5
RECONNECT_S = 1.0
LAST_WORD_S = 2.0


class Listener:
    """
    Feeds a collector with what Redis publishes, in a thread of its own.

    Redis may come and go: the connection is made again, and the session's manifest says
    that there may be a gap.

    Args:
        collector: Is touched by no other thread while this runs.
        login: What Redis's AUTH is given: a user and a password, a password alone, or nothing.

    Attributes:
        ready: Set once it listens.
        idle: Set while no recording is on.
        refused: Why Redis does not let us in; empty if it does.
    """

    def __init__(self, collector: MetricsCollector, login: Sequence[str]) -> None:
        self._collector = collector
        self._login = login
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
        if self._login:
            sock.sendall(encode_command("AUTH", *self._login))
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
    listener = Listener(collector, login_of(arguments))
    control = Control.of(arguments)
    collector.start()
    stop = threading.Event()
    listening = asyncio.create_task(asyncio.to_thread(listener.run, stop))
    try:
        starting = asyncio.create_task(start_and_explain(control, KEYS))
        recording = Recording(control, listener, arguments.session_id or "")
        commands = {"s": recording.start, "t": recording.stop, "r": control.reset}
        await obey(commands, listening, KEYS)
        if recording.started:
            await recording.stop()
            await asyncio.to_thread(listener.idle.wait, LAST_WORD_S)
    finally:
        stop.set()
        starting.cancel()
        await asyncio.wait([listening, starting])
        await control.close()
        collector.stop()
        say("files are finished")
    await listening
    return listener.refused


class Recording:
    """
    The recording that this program starts and stops.

    Args:
        control: The server.
        listener: Hears of the recording, if it listens by then.
        session_id: Name of the session; empty lets the collector make one.

    Attributes:
        started: Whether one that was started here goes on.
    """

    def __init__(self, control: Control, listener: Listener, session_id: str) -> None:
        self._control = control
        self._listener = listener
        self._session_id = session_id
        self.started = False

    async def start(self) -> None:
        """Start it."""
        await asyncio.to_thread(self._listener.ready.wait, LAST_WORD_S)
        self.started = await self._control.set_recording(True, self._session_id) or self.started

    async def stop(self) -> None:
        """Stop it."""
        await self._control.set_recording(False)
        self.started = False


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


def login_of(arguments: argparse.Namespace) -> Sequence[str]:
    """Redis's user and password; that in a file, since everyone can see a program's arguments."""
    path: Path | None = arguments.redis_password_file
    if path is None:
        return ()
    user = (arguments.redis_username,) if arguments.redis_username else ()
    return (*user, path.read_text().strip())


def parsed(argv: list[str] | None = None) -> argparse.Namespace:
    """The arguments, under their documented names."""
    parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
    add_server_arguments(parser)
    add = parser.add_argument
    add("--redis_host", default="localhost", help="where Redis is")
    add("--redis_port", type=int, default=6379, help="Redis's port")
    add("--redis_key_prefix", default="physiology", help="the camera")
    add("--redis_username", default="", help="Redis's user, where it has several")
    add("--redis_password_file", type=Path, help="file that holds Redis's password")
    add("--combined_metrics_file", type=Path, default=Path("metrics.jsonl"),
        help="base path of the JSONL; each session's is made from it")  # fmt: skip
    add("--summary_file", type=Path, default=Path("metrics_summary.json"),
        help="base path of the summary; each session's is made from it")  # fmt: skip
    add("--append", action="store_true", help="go on in files that exist")
    add("--whitespace", action="store_true", help="write readable JSON")
    add("--session_id", help="name of the session; by default made from date and time")
    return parser.parse_args(argv)


if __name__ == "__main__":
    try:
        sys.exit(asyncio.run(main(parsed())) or 0)
    except OSError as failure:
        sys.exit(str(failure))
