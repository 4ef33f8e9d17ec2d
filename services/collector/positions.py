"""
How far each camera's stream has been taken into files: what a restart goes on from.

One small JSON file in the sessions folder. A position is written only after the lines that it
covers are on disk, so it is never ahead of the files; lines that are ahead of it are recognised
when the stream gives them again.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vitalrig.files import replace_text

log = logging.getLogger(__name__)

FILE_NAME = ".collector.json"


@dataclass(frozen=True, slots=True)
class Position:
    """
    Where one camera stands.

    Attributes:
        entry_id: The last stream entry that is dealt with; empty for none.
        run: The server's run that it belongs to.
        seq: Its number in that run.
        session_id: The session that is open; empty for none.
        size_bytes: How much of the session's JSONL is covered by this position.
        losses: What was known then to be missing from the session.
    """

    entry_id: str = ""
    run: str = ""
    seq: int = 0
    session_id: str = ""
    size_bytes: int = 0
    losses: Mapping[str, Any] = field(default_factory=dict)


class Positions:
    """
    The positions of all cameras of one sessions folder.

    Args:
        folder: The sessions folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._saved = self._load()
        self._now = dict(self._saved)
        self._trouble = ""

    def of(self, prefix: str) -> Position:
        """
        The position of one camera, the empty one if nothing is known.
        """
        return self._now.get(prefix, Position())

    def set(self, prefix: str, position: Position) -> None:
        """
        Note a position; `save` writes it.
        """
        self._now[prefix] = position

    def save(self) -> None:
        """
        Write all positions, if one changed.

        Where the folder cannot be written to, the old file still stands: a restart then reads
        more than it needs, and recognises what it reads again.
        """
        if self._now == self._saved:
            return
        document = {prefix: asdict(position) for prefix, position in self._now.items()}
        try:
            replace_text(self._path, json.dumps(document, indent=1))
        except OSError as exc:
            if not self._trouble:
                log.warning("positions cannot be saved", extra={"why": str(exc)})
            self._trouble = str(exc)
        else:
            self._saved, self._trouble = dict(self._now), ""

    def _load(self) -> dict[str, Position]:
        try:
            document = json.loads(self._path.read_text())
            return {prefix: replace(Position(), **fields) for prefix, fields in document.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as exc:
            log.warning(
                "positions cannot be read; starting with what comes now", extra={"why": str(exc)}
            )
            return {}
