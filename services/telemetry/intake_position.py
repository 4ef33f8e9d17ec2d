"""How far the stream of events has been taken into the log, through restarts."""

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from vitalrig.atomic_files import replace_bytes

log = logging.getLogger(__name__)

BEFORE_ALL = "0-0"
FILE_NAME = ".intake.json"


@dataclass
class IntakePosition:
    """
    The last entry that was dealt with.

    It is saved after the events that it covers, and need not survive a power cut: what is taken
    once more bears its key.

    Attributes:
        entry_id: The entry.
        entries: How many the stream ever had, up to that one.
        recordings: For each session that is recorded, its cameras: two may give theirs one name.
    """

    entry_id: str = BEFORE_ALL
    entries: int = 0
    recordings: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """
        Read it; one that is not there, or makes no sense, is the beginning.
        """
        try:
            found = json.loads((folder / FILE_NAME).read_text())
            position = cls(str(found["entry_id"]), int(found["entries"]))
            position.recordings = {
                str(session): [str(camera) for camera in cameras]
                for session, cameras in found["recordings"].items()
            }
        except FileNotFoundError:
            return cls()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
            log.warning("the stream of events is read from its beginning", extra={"why": str(exc)})
            return cls()
        return position

    def save(self, folder: Path) -> None:
        """
        Write it.

        Raises:
            OSError: If the disk does not allow it now.
        """
        replace_bytes(folder / FILE_NAME, json.dumps(asdict(self)).encode())
