"""Envelopes and pictures as the file backend and the Redis backend leave them."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import redis.asyncio
from on_prem import RETRY_S, say
from redis import exceptions

Envelope = dict[str, Any]

POLL_S = 0.05
CHANNELS = ("core_metrics", "edge_metrics", "status", "frame")


class Reader(Protocol):
    """Gives what the server sends, whatever the backend."""

    def envelopes(self) -> AsyncIterator[Envelope]:
        """Yield envelopes as they come; pictures are envelopes of type `frame` with a JPEG."""
        ...


class FileReader:
    """
    Follows the files of the file backend.

    The server may not have begun, may truncate its files, and a line may be half written; none
    of that ends the reader.

    Args:
        base_dir: The server's `base_directory`.
    """

    def __init__(self, base_dir: Path) -> None:
        self._base_dir = base_dir

    async def envelopes(self) -> AsyncIterator[Envelope]:
        """Yield the lines that are added from now on, and each new latest picture."""
        names = ("core_metrics", "edge_metrics", "status")
        tails = [Tail(self._base_dir / f"{name}.jsonl") for name in names]
        # A picture that lies there already may be of another day.
        _, seen_ns = self._newer_picture(0)
        if not self._base_dir.is_dir():
            say(f"{self._base_dir} is not there yet; waiting for a server that writes to it")
        while True:
            for tail in tails:
                for line in tail.lines():
                    if (envelope := parsed(line)) is not None:
                        yield envelope
            picture, seen_ns = self._newer_picture(seen_ns)
            if picture:
                yield {"type": "frame", "payload": {"jpeg": picture}}
            await asyncio.sleep(POLL_S)

    def _newer_picture(self, seen_ns: int) -> tuple[bytes, int]:
        path = self._base_dir / "latest.jpg"
        try:
            changed_ns = path.stat().st_mtime_ns
            return (path.read_bytes(), changed_ns) if changed_ns > seen_ns else (b"", seen_ns)
        except FileNotFoundError:
            return b"", seen_ns


def parsed(line: bytes) -> Envelope | None:
    """The envelope; None if the line is damaged, which costs only itself."""
    try:
        envelope = json.loads(line)
    except ValueError:
        return None
    return envelope if isinstance(envelope, dict) and "payload" in envelope else None


class Tail:
    """Follows one file from its end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode, self._at = _inode_and_size(path)

    def lines(self) -> list[bytes]:
        """Whole lines that were added since the last call."""
        inode, size = _inode_and_size(self._path)
        if inode != self._inode or size < self._at:  # made anew, or truncated
            self._inode, self._at = inode, 0
        if size <= self._at:
            return []
        with self._path.open("rb") as file:
            file.seek(self._at)
            added = file.read()
        whole = added[: added.rfind(b"\n") + 1]
        self._at += len(whole)
        return whole.splitlines()


def _inode_and_size(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return 0, 0
    return stat.st_ino, stat.st_size


class RedisReader:
    """
    Subscribes to the channels of one prefix. A Redis that is away is waited for.

    Args:
        host: Where Redis is.
        port: Redis's port.
        prefix: The camera.
        password: For Redis; empty for none.
        username: Redis's user; empty for the one that has a password alone.
    """

    def __init__(
        self, host: str, port: int, prefix: str, password: str = "", username: str = ""
    ) -> None:
        self._client = redis.asyncio.Redis(
            host=host, port=port, username=username or None, password=password or None
        )
        self._prefix = prefix

    async def envelopes(self) -> AsyncIterator[Envelope]:
        """Yield what is published from now on."""
        away = False
        async with self._client:
            while True:
                try:
                    async for envelope in self._published():
                        away = False
                        yield envelope
                except exceptions.AuthenticationError:
                    raise  # it is there, and will not change its mind
                except (exceptions.ConnectionError, exceptions.TimeoutError) as exc:
                    if not away:
                        say(f"redis: {exc}; waiting for it")
                    away = True
                    await asyncio.sleep(RETRY_S)

    async def _published(self) -> AsyncIterator[Envelope]:
        async with self._client.pubsub(ignore_subscribe_messages=True) as pubsub:
            await pubsub.subscribe(*(f"{self._prefix}:{channel}" for channel in CHANNELS))
            async for message in pubsub.listen():
                if (envelope := parsed(message["data"])) is None:
                    continue
                if envelope["type"] == "frame":
                    envelope["payload"]["jpeg"] = base64.b64decode(envelope["payload"]["data"])
                yield envelope
