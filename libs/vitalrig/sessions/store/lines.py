"""The JSONL as lines, however long it is and however it ends."""

from collections.abc import Callable, Iterator
from pathlib import Path

_READ_BYTES = 1 << 20

Advance = Callable[[int], None]
"""Told how many bytes, or samples, were done since it was last told."""


def no_progress(_done: int) -> None:
    """Tell nobody."""


def whole_lines(
    path: Path, advance: Advance = no_progress, see: Callable[[bytes], None] | None = None
) -> Iterator[bytes]:
    """
    Every line that ends with a newline, without it.

    What follows the last newline is left out: a writer may be about to finish it.

    Args:
        path: The file.
        advance: Told of bytes read.
        see: Shown every byte in the file, in order.

    Raises:
        OSError: If the file cannot be read.
    """
    rest: list[bytes] = []
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            if see is not None:
                see(block)
            advance(len(block))
            first, *others = block.split(b"\n")
            rest.append(first)
            if others:
                yield b"".join(rest)
                yield from others[:-1]
                rest = [others[-1]]
