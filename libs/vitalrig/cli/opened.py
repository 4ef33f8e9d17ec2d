"""How a command is told which session it is for, and opens it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitalrig.cli.terminal import mention, progress_bar
from vitalrig.dotenv import BadEnvFile
from vitalrig.sessions.store import catalogue
from vitalrig.sessions.store.session_files import SessionFiles
from vitalrig.sessions_folder import sessions_folder as usual_folder

if TYPE_CHECKING:
    from vitalrig.sessions.reading.series import RecordedSession


def _usual_folder() -> Path:
    try:
        return usual_folder()
    except BadEnvFile as exc:
        raise typer.BadParameter(str(exc)) from exc


Folder = Annotated[
    Path,
    typer.Option(
        default_factory=_usual_folder,
        show_default="sessions in DATA_DIR, or data/sessions",
        help="Where the collector writes.",
    ),
]
Name = Annotated[str, typer.Argument(help="A session's name, or the path of one of its files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]


def opened(name: str, sessions_folder: Path) -> "RecordedSession":
    """
    Open a session for reading.

    Raises:
        Missing: If there is no such session.
        Unreadable: If its summary is damaged.
        OSError: If its files cannot be read.
    """
    from vitalrig.sessions.reading.open import open_session  # noqa: PLC0415

    files = catalogue.resolve(name, sessions_folder)
    with progress_bar(f"reading {files.name}", size_bytes(files)) as advance:
        session = open_session(files, advance=advance)
    if files.continued_in:
        mention(f"the recording goes on in {files.continued_in}, a session of its own")
    return session


def size_bytes(files: SessionFiles) -> int:
    """How much there is to read of a session, to measure progress by."""
    return files.jsonl.stat().st_size if files.jsonl else 0
