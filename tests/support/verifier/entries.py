"""One entry of the durable stream, as the tests recorded it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

STATE = "recording_state"


@dataclass(frozen=True, slots=True)
class Entry:
    """
    An envelope with its place.

    Attributes:
        run: Which run of a server, or of a relay, gave the number.
        seq: Its number in that run.
        channel: Without the prefix.
        envelope: Byte for byte.
        entry_id: Redis's id.
        gap: What a relay says of what is missing before it.
        follows: What a run says of the one before it.
    """

    run: str
    seq: int
    channel: str
    envelope: bytes
    entry_id: str = ""
    gap: str = ""
    follows: str = ""

    @property
    def key(self) -> tuple[str, int]:
        return self.run, self.seq

    @property
    def state(self) -> tuple[bool, str] | None:
        """Whether a recording runs after this envelope, and its session; None for no such word."""
        if self.channel != STATE:
            return None
        payload = json.loads(self.envelope)["payload"]
        return bool(payload["recording"]), str(payload.get("session_id", ""))

    @classmethod
    def parse(cls, entry_id: bytes, fields: Mapping[bytes, bytes]) -> "Entry":
        text = {name.decode(): value for name, value in fields.items()}
        return cls(
            run=text["run"].decode(),
            seq=int(text["seq"]),
            channel=text["channel"].decode(),
            envelope=text["envelope"],
            entry_id=entry_id.decode(),
            gap=text.get("gap", b"").decode(),
            follows=text.get("follows", b"").decode(),
        )


def once(entries: Iterable[Entry]) -> list[Entry]:
    """Leave out what was added to the stream again: the same number of the same run."""
    found: dict[tuple[str, int], Entry] = {}
    for entry in entries:
        found.setdefault(entry.key, entry)
    return list(found.values())


def write(path: Path, entries: Iterable[Entry]) -> None:
    with path.open("w") as file:
        for entry in entries:
            document = {name: getattr(entry, name) for name in Entry.__slots__}
            document["envelope"] = entry.envelope.decode("latin-1")
            file.write(f"{json.dumps(document)}\n")


def read(path: Path) -> list[Entry]:
    documents = [json.loads(line) for line in path.read_text().splitlines()]
    return [Entry(**each | {"envelope": each["envelope"].encode("latin-1")}) for each in documents]
