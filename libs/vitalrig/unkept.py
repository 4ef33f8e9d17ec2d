"""
What a server makes while Redis keeps nothing more: the newest of it is still published.

A Redis whose disk or memory is full refuses to keep an envelope and goes on publishing. What was
made then waits to be kept, in order; on a channel of ours, `{prefix}:unkept`, the newest envelopes
are shown meanwhile to who shows live numbers. They come again in the stream, under their numbers.
"""

from dataclasses import dataclass
from typing import Self

from vitalrig.errors import BadMessage

NEWEST = 64
"""So many envelopes hold every series of a camera, which has about 35 a second."""


def unkept_channel(prefix: str) -> str:
    """
    Name of the channel of a key prefix.
    """
    return f"{prefix}:unkept"


@dataclass(frozen=True, slots=True)
class Unkept:
    """
    One envelope that waits to be kept.

    Attributes:
        channel: Its channel without the prefix.
        run: The server's run.
        seq: Its number in that run.
        envelope: Byte for byte.
    """

    channel: str
    run: str
    seq: int
    envelope: bytes

    def packed(self) -> bytes:
        """
        Give it as it is published: a line that says which it is, then the envelope.
        """
        return f"{self.channel} {self.run} {self.seq}\n".encode() + self.envelope

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """
        Understand what was published.

        Raises:
            BadMessage: If it makes no sense.
        """
        head, newline, envelope = raw.partition(b"\n")
        match head.decode(errors="replace").split(" "):
            case [channel, run, seq] if newline and seq.isdecimal() and seq.isascii():
                return cls(channel, run, int(seq), envelope)
        raise BadMessage("not an envelope that waits to be kept")
