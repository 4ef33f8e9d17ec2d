"""Core in a process of its own, beside the one that needs what it gives."""

import os
import struct
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

import orjson

from services.physiology_server.pipeline import TakesFrames
from services.physiology_server.signals.frame import Frame

_HEAD = struct.Struct("<qq")


class CoreBeside:
    """
    Gives the payloads that a Core in a child process makes of the same frames.

    The child is forked when this is made, so that it has loaded all that it needs. It ends with
    the last frame, or when nobody reads what it gives any more.

    Args:
        frames: Makes the frames that are going to be given, each with its stamp and its Core.
    """

    def __init__(self, frames: Callable[[], Iterable[tuple[Frame, int, TakesFrames]]]) -> None:
        reading, writing = os.pipe()
        self._child = os.fork()
        if not self._child:
            os.close(reading)
            _work(frames, writing)
        os.close(writing)
        self._payloads: BinaryIO = os.fdopen(reading, "rb")
        self._next, self._size = self._head()

    def add(self, frame: Frame, timestamp_us: int) -> dict[str, Any] | None:  # noqa: ARG002
        """
        Give the payload that is due with *frame*, if one is.
        """
        if frame.index != self._next:
            return None
        # It is JSON already; `envelopes.envelope` puts it in as it is.
        payload: Any = orjson.Fragment(self._payloads.read(self._size))
        self._next, self._size = self._head()
        return payload  # type: ignore[no-any-return]

    def reset(self) -> None:
        """
        Do nothing: the child has the same frames, and begins anew where they say so.
        """

    def close(self) -> None:
        """
        End the child.

        Raises:
            ChildProcessError: If it did not come to its end.
        """
        self._payloads.close()
        _, status = os.waitpid(self._child, 0)
        if status:
            raise ChildProcessError(f"Core's process ended with {status}")

    def _head(self) -> tuple[int, int]:
        head = self._payloads.read(_HEAD.size)
        return _HEAD.unpack(head) if len(head) == _HEAD.size else (-1, 0)


def _work(frames: Callable[[], Iterable[tuple[Frame, int, TakesFrames]]], writing: int) -> None:
    """Be the child: never return."""
    status = 1
    try:
        with os.fdopen(writing, "wb", buffering=1 << 14) as file:
            for frame, stamp_us, core in frames():
                payload = core.add(frame, stamp_us)
                if payload is not None:
                    text = orjson.dumps(payload)
                    file.write(_HEAD.pack(frame.index, len(text)) + text)
        status = 0
    finally:
        os._exit(status)
