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
from typing import Any, Self, TypeVar

from vitalrig.errors import Unavailable, VitalrigError
from vitalrig.harmless import harmless
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc.client import PhysiologyClient

RETRY_S = 0.5

T = TypeVar("T")
Command = Callable[[], Awaitable[object]]


def say(text: str) -> None:
    """Tell the person at the keyboard, at once; no text of the server takes over the terminal."""
    print(harmless(text), flush=True)


class Control:
    """
    The server's gRPC side. What the server refuses is said, and the program goes on.

    Args:
        client: Asks the server, and waits a while for one that has just been started anew.

    Attributes:
        client: The same, for what is asked and streamed besides.
    """

    def __init__(self, client: PhysiologyClient) -> None:
        self.client = client

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """Make it from the arguments of `add_server_arguments`."""
        token, certificate = arguments.token_file, arguments.certificate_file
        client = PhysiologyClient(
            address_of(arguments.host, arguments.port),
            token.read_text().strip() if token else "",
            certificate.read_bytes() if certificate else b"",
            wait_for_ready=True,
        )
        return cls(client)

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
                return await self.client.status(wait_for_ready=False)
            except Unavailable:
                if not said:
                    say(f"no server answers at {self.client.address}; waiting for it")
                    away()
                said = True
                await asyncio.sleep(RETRY_S)
            except VitalrigError as exc:
                say(f"status: {exc}")
                return None

    async def start(self) -> bool:
        """Wait for the server, start Core, then the Edge graph; tell whether both run."""
        if await self.wait() is None:
            return False
        return await self.ask("start", self.client.start()) is not None

    async def set_recording(self, recording: bool, session_id: str = "") -> bool:
        """
        Start or stop the recording.

        Returns:
            Whether that was done here; false as well for a recording that went on already.
        """
        what = "recording" if recording else "stopped"
        try:
            status = await self.client.status()
        except VitalrigError as exc:
            say(f"{what}: {exc}")
            return False
        if recording and not status.edge_running:
            await self.start()  # the server was started anew
        done = await self.ask(what, self.client.set_recording(recording, session_id)) is not None
        return done and status.recording != recording

    async def leave(self, found: pb.StatusReply, *, began: bool) -> None:
        """
        Leave the server as it was found: at work or not.

        Args:
            found: Its status before.
            began: Whether a recording that goes on was begun here.
        """
        if not found.edge_running:
            await self.ask("stop", self.client.stop())
        elif began:
            await self.set_recording(False)

    async def reset(self) -> None:
        """Clear Core's buffer: rates settle anew."""
        await self.ask("reset", self.client.reset())

    async def ask(self, what: str, call: Awaitable[T]) -> T | None:
        """
        Make one call and say how it went.

        Returns:
            The reply, or None if there is none.
        """
        try:
            reply = await call
        except VitalrigError as exc:
            say(f"{what}: {exc}")
            return None
        say(f"{what}: done")
        return reply

    async def stream(self, read: Callable[[], AsyncIterator[T]]) -> AsyncIterator[T]:
        """Give what the server sends, whenever it is there, until the program ends."""
        there = False
        while True:
            try:
                async for message in read():
                    there = True
                    yield message
            except Unavailable:
                if there:
                    say(f"{read.__name__}: the server is gone; waiting for it")
                there = False
                await asyncio.sleep(RETRY_S)
            except VitalrigError as exc:
                say(f"{read.__name__}: {exc}")
                return

    async def close(self) -> None:
        """Let the connection go."""
        await self.client.close()


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
