"""Many cameras' streams in Redis: the same recording, published under each camera's name."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import orjson

from benchmarks.support.feed import START_US, envelopes
from smartspectra.ipc import encode_command
from vitalrig import redis_keys

PER_S = 35
RUN = "benchmark"
SESSION = "bench"
MADE_S = 60
ANSWERS_AT_ONCE = 2_000


class SharedRecording:
    """
    One recording of any length: a start, and then what our server publishes of a synthetic person.

    Every camera publishes the same, each with stamps from *began_us* on, so that it is made once
    and what a session's file must hold is known.
    """

    def __init__(self, began_us: int) -> None:
        self._began_us = began_us
        self._minute = [(name.split(":")[1], text) for name, text in envelopes(MADE_S)]
        self._made: list[tuple[str, bytes]] = [("recording_state", self._state(0, recording=True))]

    def _state(self, number: int, *, recording: bool) -> bytes:
        payload = {"recording": recording, "session_id": SESSION}
        stamp_us = self._began_us + round(number * 1_000_000 / PER_S)
        return orjson.dumps({"type": "recording_state", "timestamp": stamp_us, "payload": payload})

    def __getitem__(self, number: int) -> tuple[str, bytes]:
        while number >= len(self._made):
            turn, place = divmod(len(self._made) - 1, len(self._minute))
            channel, text = self._minute[place]
            by_us = self._began_us - START_US + turn * MADE_S * 1_000_000
            self._made.append((channel, orjson.dumps(later(orjson.loads(text), by_us))))
        return self._made[number]

    def stamp_s(self, number: int) -> float:
        """When the envelope *number* says that it was made."""
        return orjson.loads(self[number][1])["timestamp"] / 1e6

    def end(self, number: int) -> tuple[str, bytes]:
        """Give the stop, as the envelope *number*."""
        return "recording_state", self._state(number, recording=False)

    def forget(self, before: int) -> None:
        """Let the envelopes before *before* go, but for their number."""
        for number in range(before):
            self._made[number] = ("", b"")


def later(node, by_us: int):
    """Give the same document with all its stamps *by_us* later."""
    if isinstance(node, list):
        return [later(item, by_us) for item in node]
    if not isinstance(node, dict):
        return node
    moved = {key: later(item, by_us) for key, item in node.items()}
    for name in ("timestamp", "frame_timestamp"):
        if isinstance(moved.get(name), str):
            moved[name] = str(int(moved[name]) + by_us)
        elif isinstance(moved.get(name), int):
            moved[name] += by_us
    return moved


class Publisher:
    """Adds envelopes to the streams of many cameras, with as little work as possible."""

    def __init__(self, port: int, prefixes: Sequence[str]) -> None:
        self._sock = socket.create_connection(("127.0.0.1", port))
        self._heads = [
            encode_command("XADD", redis_keys.envelopes_stream(p), "*") for p in prefixes
        ]
        # The head of a command says how many words follow: the two of them are three, all eleven.
        self._heads = [b"*11" + head[2:] for head in self._heads]
        self._waiting = 0

    def add(self, number: int, entry: tuple[str, bytes], first: int = 0, step: int = 1) -> None:
        """Add the envelope *number* to every *step*-th stream from the *first* on."""
        channel, envelope = entry
        words = encode_command(
            redis_keys.FIELD_CHANNEL, channel, redis_keys.FIELD_ENVELOPE, envelope,
            redis_keys.FIELD_RUN, RUN, redis_keys.FIELD_SEQ, str(number + 1),
        )  # fmt: skip
        tail = words[words.index(b"\n") + 1 :]
        heads = self._heads[first::step]
        for at in range(0, len(heads), ANSWERS_AT_ONCE):
            some = heads[at : at + ANSWERS_AT_ONCE]
            self._sock.sendall(b"".join(head + tail for head in some))
            self._waiting += len(some)
            self.drain(ANSWERS_AT_ONCE)

    def drain(self, left: int = 0) -> None:
        """Read answers, each a bulk string, until at most *left* are due."""
        while self._waiting > left:
            data = self._sock.recv(1 << 16)
            if not data or b"-ERR" in data or b"-OOM" in data:
                raise SystemExit(f"Redis refuses: {data[:200]!r}")
            self._waiting -= data.count(b"$")

    def close(self) -> None:
        """Wait for all answers."""
        self.drain()
        self._sock.close()


def fill(port: int, prefixes: Sequence[str], recording: SharedRecording, count: int) -> None:
    """Put *count* envelopes into each stream, the start among them."""
    publisher = Publisher(port, prefixes)
    for number in range(count):
        publisher.add(number, recording[number])
    publisher.close()


def go_on(
    port: int,
    prefixes: Sequence[str],
    recording: SharedRecording,
    first: int,
    seconds: float,
    ended: threading.Event,
) -> int:
    """
    Publish at 35 a second a camera, the cameras at different moments.

    Goes on for *seconds*, or until *ended*; gives the number of the next envelope.
    """
    publisher = Publisher(port, prefixes)
    groups = min(10, len(prefixes))
    began_s = time.monotonic()
    count = round(seconds * PER_S)
    for place in range(count):
        if ended.is_set():
            count = place
            break
        entry = recording[first + place]
        for group in range(groups):
            due_s = began_s + (place + group / groups) / PER_S
            if (wait_s := due_s - time.monotonic()) > 0:
                time.sleep(wait_s)
            publisher.add(first + place, entry, group, groups)
    publisher.close()
    return first + count


def stop_all(port: int, prefixes: Sequence[str], recording: SharedRecording, number: int) -> None:
    """End the recording of every camera."""
    publisher = Publisher(port, prefixes)
    publisher.add(number, recording.end(number))
    publisher.close()


def expected_lines(recording: SharedRecording, count: int) -> Iterator[bytes]:
    """What the file of a session with *count* envelopes before its stop holds."""
    for number in range(count):
        yield recording[number][1]
    yield recording.end(count)[1]


def jsonl_of(sessions: Path, prefix: str) -> Path:
    """Where a camera's session is."""
    return sessions / prefix / f"metrics_{SESSION}.jsonl"
