"""What the log knows, written down, so that only what came later is read at the next start."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from vitalrig.telemetry.current_view import CurrentView, Entry
from vitalrig.telemetry.idempotency_keys import KeyEntry

CHECKPOINT_FILE = ".checkpoint"

_VERSION = 1
_PIECE_BYTES = 1 << 18


@dataclass
class Checkpoint:
    """
    What the log knew at one moment.

    Attributes:
        seq: The last number.
        site: The site's current view.
        runs: The current view of each run that goes on, by the run's number.
        keys: The keys that events were posted with, the oldest first.
    """

    seq: int = 0
    site: dict[str, Entry] = field(default_factory=dict)
    runs: dict[int, dict[str, Entry]] = field(default_factory=dict)
    keys: list[KeyEntry] = field(default_factory=list)

    def pieces(self) -> Iterator[bytes]:
        """
        Give it as the content of a file.
        """
        piece = bytearray()
        for row in self._rows():
            piece += json.dumps(row, separators=(",", ":")).encode("ascii") + b"\n"
            if len(piece) >= _PIECE_BYTES:
                yield bytes(piece)
                piece.clear()
        yield bytes(piece)

    def _rows(self) -> Iterator[list[object]]:
        yield ["checkpoint", _VERSION, self.seq]
        for number, view in [(0, self.site), *self.runs.items()]:
            for kind, (seq, line) in view.items():
                yield ["current", number, kind, seq, line.decode("ascii")]
        for entry in self.keys:
            lines = entry.lines  # may be dropped meanwhile
            unstored = [(seq, lines[seq].decode("ascii")) for seq in entry.unstored if seq in lines]
            yield ["key", entry.key, entry.digest, entry.seqs, unstored]
        yield ["end"]


def read_checkpoint(path: Path) -> Checkpoint:
    """
    Read a checkpoint; an empty one if there is none, or it is of no use.
    """
    try:
        with path.open("rb") as file:
            return _from_rows(json.loads(line) for line in file)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return Checkpoint()


def _from_rows(rows: Iterable[list[object]]) -> Checkpoint:
    found = Checkpoint()
    is_whole = False
    for row in rows:
        match row:
            case ["checkpoint", 1, int(seq)]:
                found.seq = seq
            case ["current", int(number), str(kind), int(seq), str(line)]:
                view = found.site if number == 0 else found.runs.setdefault(number, {})
                view[kind] = (seq, line.encode("ascii"))
            case ["key", str(key), str(digest), list(seqs), list(unstored)]:
                lines = {seq: line.encode("ascii") for seq, line in unstored}
                found.keys.append(KeyEntry(key, digest, seqs, list(lines), lines))
            case ["end"]:
                is_whole = True
            case _:
                raise ValueError("no checkpoint")
    if not is_whole:
        raise ValueError("no whole checkpoint")
    return found


def view_of(entries: dict[str, Entry]) -> CurrentView:
    """
    Give a view that shows *entries*.
    """
    view = CurrentView()
    for kind, (seq, line) in entries.items():
        view.put(kind, seq, line)
    return view
