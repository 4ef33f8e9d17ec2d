"""
How far each camera's stream has been taken into files: what a restart goes on from.

One small JSON file in the sessions folder. A checkpoint is written only after the lines that it
covers are on disk, so it is never ahead of the files; lines that are ahead of it are recognised
when the stream gives them again.
"""

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any, Self

from services.collector.latest_file import LatestFile
from services.collector.transport.base import LONGEST_RUN
from services.collector.transport.entry_ids import is_entry_id
from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.session_paths import check_session_id
from smartspectra.ipc.storage.stages import Stages, finish_now, finish_unsynced
from vitalrig.errors import BadMessage

log = logging.getLogger(__name__)

FILE_NAME = ".collector.json"
UNUSABLE = f"{FILE_NAME}.unusable"
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """
    How far one camera has been recorded.

    Attributes:
        entry_id: The last stream entry that is dealt with; empty for none.
        run: The server's run that it belongs to.
        seq: Its number in that run.
        session_id: The session that is open; empty for none.
        session_run: The run that began it, or took it up again last.
        size_bytes: How much of the session's JSONL is covered by this checkpoint.
        losses: What was known then to be missing from the session.
    """

    entry_id: str = ""
    run: str = ""
    seq: int = 0
    session_id: str = ""
    session_run: str = ""
    size_bytes: int = 0
    losses: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, document: object) -> Self:
        """
        Read one camera's part of the file.

        Raises:
            BadMessage: If it makes no sense, or is of a later version.
        """
        if not isinstance(document, dict):
            raise BadMessage("no object")
        try:
            checkpoint = cls(**document)
        except TypeError as exc:
            raise BadMessage("fields of another version") from exc
        for name, is_sound in _SOUND.items():
            value = getattr(checkpoint, name)
            if not is_sound(value):
                raise BadMessage(f"{name} makes no sense: {value!r:.80}")
        return checkpoint


def _is_number(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _is_run(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_RUN


def _is_session_id(value: object) -> bool:
    try:
        return value == "" or bool(check_session_id(value))  # type: ignore[arg-type]
    except ValueError:
        return False


_SOUND: Mapping[str, Callable[[Any], bool]] = {
    "entry_id": lambda value: value == "" or (isinstance(value, str) and is_entry_id(value)),
    "run": _is_run,
    "seq": _is_number,
    "session_id": _is_session_id,
    "session_run": _is_run,
    "size_bytes": _is_number,
    "losses": lambda value: isinstance(value, dict),
}


class Checkpoints:
    """
    The positions of all cameras of one sessions folder.

    What the file holds and cannot be used is set aside in a file of its own; whoever it was of
    starts as without a checkpoint.

    Args:
        folder: The sessions folder.
        disk: How the file is written.

    Attributes:
        saved_ids: Up to which entry each camera's stream is on the disk, together with its
            position: no restart needs it again. May be read from any thread.
    """

    def __init__(self, folder: Path, disk: Disk | None = None) -> None:
        self._path = folder / FILE_NAME
        self._disk = disk or Disk()
        self._file = LatestFile(self._path, self._disk)
        self._trouble = ""
        self._is_saved = True
        self._now: dict[str, Checkpoint] = {}
        self._texts: dict[str, str] = {}
        self._load()
        self.saved_ids: Mapping[str, str] = self._entry_ids()

    def of(self, prefix: str) -> Checkpoint:
        """
        The checkpoint of one camera, the empty one if nothing is known.
        """
        return self._now.get(prefix, Checkpoint())

    def set(self, prefix: str, checkpoint: Checkpoint) -> None:
        """
        Note a checkpoint; `save` writes it.
        """
        if self._now.get(prefix) != checkpoint:
            self._now[prefix] = checkpoint
            self._texts.pop(prefix, None)
            self._is_saved = False

    def set_aside(self, prefix: str, why: str) -> None:
        """
        Forget the checkpoint of *prefix*, which does not fit the files.
        """
        del self._now[prefix]
        self._texts.pop(prefix, None)
        self.saved_ids = {each: at for each, at in self.saved_ids.items() if each != prefix}
        self._keep_unusable({prefix: why})

    def save(self) -> None:
        """
        Write all positions, if one changed, and wait until they are on the disk.

        Where the folder cannot be written to, the old file stays: a restart then reads
        more than it needs, and recognises what it reads again.
        """
        if not self._is_saved:
            finish_now(self.saving(), self._disk)

    def save_unsynced(self) -> None:
        """
        Write all positions without waiting for the disk: they survive us, not yet a power cut.
        """
        finish_unsynced(self._saving(self._file.writing(self._text())))
        self._is_saved = False

    @property
    def is_saved(self) -> bool:
        """Whether nothing changed since positions were last saved, or are being saved."""
        return self._is_saved

    def saving(self) -> Stages:
        """
        Give the stages of `save`, of the positions as they are now.
        """
        self._is_saved = True
        return self._saving(self._file.writing(self._text()), self._entry_ids())

    def _entry_ids(self) -> dict[str, str]:
        return {prefix: at.entry_id for prefix, at in self._now.items() if at.entry_id}

    def _text(self) -> str:
        for prefix, checkpoint in self._now.items():
            if prefix not in self._texts:
                self._texts[prefix] = f" {json.dumps(prefix)}: {json.dumps(asdict(checkpoint))}"
        return "{\n" + ",\n".join(self._texts.values()) + "\n}"

    def _saving(self, stages: Stages, entry_ids: Mapping[str, str] | None = None) -> Stages:
        try:
            yield from stages
        except OSError as exc:
            if not self._trouble:
                log.warning("positions cannot be saved", extra={"why": str(exc)})
            self._trouble = str(exc)
            self._is_saved = False
        else:
            self._trouble = ""
            if entry_ids is not None:
                self.saved_ids = entry_ids

    def _load(self) -> None:
        try:
            document = json.loads(self._path.read_bytes())
            if not isinstance(document, dict):
                raise BadMessage("no object")
        except FileNotFoundError:
            return
        except (OSError, ValueError, RecursionError, BadMessage) as exc:
            self._keep_unusable({"all": str(exc)})
            return
        unusable: dict[str, str] = {}
        for prefix, part in document.items():
            try:
                self._now[prefix] = Checkpoint.parse(part)
            except BadMessage as exc:
                unusable[prefix] = str(exc)
        if unusable:
            self._keep_unusable(unusable)

    def _keep_unusable(self, why: Mapping[str, str]) -> None:
        """Say once what cannot be used, and keep the file as it is under another name."""
        self._is_saved = False
        names = chain([UNUSABLE], (f"{UNUSABLE}_{number}" for number in count(2)))
        kept = next(path for path in map(self._path.with_name, names) if not path.exists())
        try:
            shutil.copyfile(self._path, kept)
        except OSError as exc:
            log.warning("cannot keep %s: %s", self._path, exc)
        log.error(
            "positions set aside; these cameras start anew with what their streams hold",
            extra={"cameras": dict(why), "kept": str(kept)},
        )
        self.save()
