"""Where runs lie: in the site folder, or in a folder that was allowed for them."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from vitalrig.telemetry.telemetry_errors import TelemetryForbiddenError, TelemetryRequestError

RUN_FILE = "telemetry.ndjson"
"""What a run's events are written to, in the run's folder."""

RECORDINGS = "recordings"
"""The folder of the site folder in which recordings have theirs."""

_LEAST_DIGITS = 3
_MAX_NAME = 200


class RunFolders:
    """
    Finds the folders of runs.

    Args:
        site_dir: The site folder.
        roots: Other folders in which runs may lie.
    """

    def __init__(self, site_dir: Path, roots: Sequence[str | Path] = ()) -> None:
        self._site_dir = site_dir
        self._roots = [site_dir, *(Path(root).expanduser() for root in roots)]

    def next_number(self) -> str:
        """
        Give the number after the greatest that is a folder's name, with at least three digits.
        """
        numbers = [
            path.name
            for path in self._site_dir.iterdir()
            if path.name.isascii() and path.name.isdigit() and path.is_dir()
        ]
        if not numbers:
            return "1".zfill(_LEAST_DIGITS)
        greatest = max(map(int, numbers))
        width = max(_LEAST_DIGITS, len(str(greatest)))
        return str(greatest + 1).zfill(width)

    def folder_of(self, run_dir: str | Path | None, run_id: str) -> Path:
        """
        Give a run's folder, as its caller knows it: relative where the site folder is.

        Args:
            run_dir: What was asked for; relative to the site folder, which holds *run_id* if None.
            run_id: The run's name.

        Raises:
            TelemetryForbiddenError: If it is outside the site folder and all roots.
            TelemetryRequestError: If there can be no such folder.
        """
        if "\0" in f"{run_dir}{run_id}":
            raise TelemetryRequestError(422, "a run's folder has no NUL in its name")
        try:
            asked = Path(run_id) if run_dir is None else Path(run_dir).expanduser()
            folder = self._site_dir / asked
            resolved = folder.resolve()
            is_allowed = any(resolved.is_relative_to(root.resolve()) for root in self._roots)
        except (OSError, RuntimeError, ValueError) as exc:
            raise TelemetryRequestError(422, f"a run cannot have this folder: {exc}") from exc
        if not is_allowed:
            raise TelemetryForbiddenError(
                f"{folder} is not in the site folder; run_roots allows other ones"
            )
        return folder

    def folder_of_recording(self, session_id: str) -> Path:
        """
        Give the folder of a recording, whatever its session is called.
        """
        name = quote(session_id, safe=" +=,@")[:_MAX_NAME]
        return self._site_dir / RECORDINGS / (f"%2E{name[1:]}" if name[:1] in {"", "."} else name)
