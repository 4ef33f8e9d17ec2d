"""What the sample clients share: the server's control side, and words from the keyboard."""

import argparse
import asyncio
import functools
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Self

# What gRPC's core prints by itself is of no use at a keyboard: errors are raised as well. It is
# asked for when the package is loaded.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import DoubleValue

from vitalrig.harmless import harmless
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc

DEADLINE_S = 5.0
RETRY_S = 0.5
AWAY = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
LARGEST_MESSAGE_BYTES = 64 * 1024 * 1024

Command = Callable[[], Awaitable[object]]


def say(text: str) -> None:
    """Tell the person at the keyboard, at once; no text of the server takes over the terminal."""
    print(harmless(text), flush=True)


class Control:
    """
    The server's gRPC side. What the server refuses is said, and the program goes on.

    Args:
        address: Where the server is, ``host:port``.
        token: What every call bears, where the server wants it.
        certificate: Certificates (PEM) to trust, where the server speaks TLS.
    """

    def __init__(self, address: str, token: str = "", certificate: bytes | None = None) -> None:
        self._address = address
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        options = [
            ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
            # A company's proxy does not lead to a server on premises.
            ("grpc.enable_http_proxy", 0),
            # A server that comes later is found soon.
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ]
        if certificate is None:
            self._channel = grpc.aio.insecure_channel(address, options)
        else:
            credentials = grpc.ssl_channel_credentials(certificate)
            self._channel = grpc.aio.secure_channel(address, credentials, options)
        self._stub = pb_grpc.PhysiologyStub(self._channel)

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """Make it from the arguments of `add_server_arguments`."""
        token, certificate = arguments.token_file, arguments.certificate_file
        return cls(
            address_of(arguments.host, arguments.port),
            token.read_text().strip() if token else "",
            certificate.read_bytes() if certificate else None,
        )

    async def wait(self, away: Callable[[], None] = lambda: None) -> pb.StatusReply | None:
        """
        Wait for the server, if it is not there yet.

        Args:
            away: Called if it is not.

        Returns:
            Its status; None if it refuses to tell.
        """
        said = False
        while True:
            try:
                status: pb.StatusReply = await self._stub.GetStatus(
                    Empty(), timeout=DEADLINE_S, metadata=self._metadata
                )
            except grpc.aio.AioRpcError as exc:
                if exc.code() not in AWAY:
                    self._explain("status", exc)
                    return None
                if not said:
                    say(f"no server answers at {self._address}; waiting for it")
                    away()
                said = True
                await asyncio.sleep(RETRY_S)
            else:
                return status

    async def start(self) -> bool:
        """Wait for the server, start Core, then the Edge graph; tell whether both run."""
        if await self.wait() is None:
            return False
        core = await self.ask("start core", "StartCore")
        return core is not None and await self.ask("start edge", "StartEdgeGraph") is not None

    async def stop(self) -> None:
        """Stop the Edge graph, and a recording with it, then Core."""
        await self.ask("stop edge", "StopEdgeGraph")
        await self.ask("stop core", "StopCore")

    async def set_recording(self, recording: bool, session_id: str = "") -> bool:
        """
        Start or stop the recording.

        Returns:
            Whether that was done here; false as well for a recording that went on already.
        """
        what = "recording" if recording else "stopped"
        try:
            status = await self._call("GetStatus")
        except grpc.aio.AioRpcError as exc:
            self._explain(what, exc)
            return False
        if recording and not status.edge_running:
            await self.start()  # the server was started anew
        request = pb.SetRecordingRequest(recording=recording, session_id=session_id)
        done = await self.ask(what, "SetRecording", request) is not None
        return done and status.recording != recording

    async def leave(self, found: pb.StatusReply, *, began: bool) -> None:
        """
        Leave the server as it was found: at work or not.

        Args:
            found: Its status before.
            began: Whether a recording that goes on was begun here.
        """
        if not found.edge_running:
            await self.stop()
        elif began:
            await self.set_recording(False)

    async def reset(self) -> None:
        """Clear Core's buffer: rates settle anew."""
        await self.ask("reset", "ResetProcessing")

    async def set_buffer_duration(self, seconds: float) -> None:
        """Say how many seconds of frames make one core message."""
        request = DoubleValue(value=seconds)
        await self.ask(f"buffer of {seconds:g} s", "SetBufferDuration", request)

    async def ask(self, what: str, rpc: str, request: object = None) -> Any:  # noqa: ANN401
        """
        Make one call and say how it went.

        Returns:
            The reply, or None if there is none.
        """
        try:
            reply = await self._call(rpc, request)
        except grpc.aio.AioRpcError as exc:
            self._explain(what, exc)
            return None
        say(f"{what}: done")
        return reply

    async def _call(self, rpc: str, request: object = None) -> Any:  # noqa: ANN401  any reply
        # A server that has just been started anew is found in that time.
        return await getattr(self._stub, rpc)(
            request or Empty(), timeout=DEADLINE_S, metadata=self._metadata, wait_for_ready=True
        )

    async def stream(self, rpc: str) -> AsyncIterator[Any]:
        """Give what the server sends, whenever it is there, until the program ends."""
        there = False
        while True:
            call = getattr(self._stub, rpc)
            try:
                async for message in call(Empty(), metadata=self._metadata, wait_for_ready=True):
                    there = True
                    yield message
            except grpc.aio.AioRpcError as exc:
                if exc.code() not in AWAY:
                    self._explain(rpc, exc)
                    return
            if there:
                say(f"{rpc}: the server is gone; waiting for it")
            there = False
            await asyncio.sleep(RETRY_S)

    async def upload(self, frames: AsyncIterator[pb.FrameWithTimestamp]) -> pb.UploadReport | None:
        """Upload *frames*; give the server's account of them."""
        try:
            report: pb.UploadReport = await self._stub.UploadFrames(frames, metadata=self._metadata)
        except grpc.aio.AioRpcError as exc:
            self._explain("upload", exc)
            return None
        return report

    async def close(self) -> None:
        """Let the connection go."""
        await self._channel.close()

    def _explain(self, what: str, error: grpc.aio.AioRpcError) -> None:
        if error.code() in AWAY:
            say(f"{what}: no server answers at {self._address}; is it running?")
        else:
            say(f"{what}: {error.details()}")


def address_of(host: str, port: int) -> str:
    """As gRPC writes it: a Unix socket has no port, and IPv6 has colons of its own."""
    if host.startswith("unix:"):
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def add_server_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the server is, and what it wants to see."""
    add = parser.add_argument
    add("--host", default="localhost", help="where the server is: a name, or unix:PATH")
    add("--port", type=int, default=50051, help="gRPC port of the server")
    add("--token_file", type=Path, help="file with the token that the server wants")
    add("--certificate_file", type=Path, help="certificates (PEM) to trust, if it speaks TLS")


async def obey(
    commands: Mapping[str, Command], until: "asyncio.Future[Any]", synonyms: Mapping[str, str]
) -> None:
    """
    Do what the keyboard says, until it says quit or *until* is done.

    Args:
        commands: What each letter does; ``q`` needs none.
        until: Ends the program by itself.
        synonyms: Word for each letter.
    """
    letters = {word: letter for letter, word in synonyms.items()}
    words = _words()
    while True:
        asked = asyncio.create_task(words.get())
        await asyncio.wait([asked, until], return_when=asyncio.FIRST_COMPLETED)
        if not asked.done():
            asked.cancel()
            return
        word = asked.result()
        letter = letters.get(word, word)
        if letter == "q":
            return
        if letter in commands:
            await commands[letter]()
        elif letter:
            say(f"{word}: unknown; {help_line(synonyms)}")


async def start_and_explain(control: Control, synonyms: Mapping[str, str]) -> None:
    """
    Have the server work, once it is there, and say which letters there are.

    That is said at once if the server is awaited, for one may want to quit.
    """
    explain = functools.cache(lambda: say(help_line(synonyms)))
    await control.wait(explain)
    await control.start()
    explain()


def help_line(synonyms: Mapping[str, str]) -> str:
    """Say which letters there are."""
    return "   ".join(f"{letter} {word}" for letter, word in synonyms.items())


def _words() -> "asyncio.Queue[str]":
    """Words from the keyboard; Ctrl-C and SIGTERM say quit as well."""
    loop = asyncio.get_running_loop()
    words: asyncio.Queue[str] = asyncio.Queue()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, words.put_nowait, "q")

    def read() -> None:
        # Not sys.stdin, whose lock a waiting thread would hold when the program ends. At the
        # end of input the program goes on: there is no keyboard in the background.
        rest = b""
        while data := os.read(sys.stdin.fileno(), 4096):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                word = line.decode(errors="replace").strip().lower()
                loop.call_soon_threadsafe(words.put_nowait, word)

    threading.Thread(target=read, daemon=True).start()
    return words
