"""`vitalrig sessions`: what was recorded, looked at, checked, mended and taken elsewhere."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from vitalrig.cli import sessions_tables as tables
from vitalrig.errors import BadRequest, VitalrigError
from vitalrig.sessions import catalogue
from vitalrig.sessions.files import SessionFiles

if TYPE_CHECKING:
    from vitalrig.sessions.series import Session
    from vitalrig.sessions.verify import Report

app = typer.Typer(no_args_is_help=True, help="Look at, check, repair, export and plot sessions.")
console = Console(highlight=False)
messages = Console(stderr=True, highlight=False)


class Format(StrEnum):
    """What a session can be exported to."""

    CSV = "csv"
    PARQUET = "parquet"
    EDF = "edf"
    XDF = "xdf"


Folder = Annotated[Path, typer.Option(help="Where the collector writes.")]
Name = Annotated[str, typer.Argument(help="A session's name, or the path of one of its files.")]
Names = Annotated[list[str], typer.Argument(help="Sessions' names, or paths of their files.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")]
Force = Annotated[bool, typer.Option(help="Replace a file that is there already.")]

ROOT = Path("data/sessions")


@app.command("list")
def list_(sessions_folder: Folder = ROOT, as_json: AsJson = False) -> None:
    """List the sessions in a folder and in those of its cameras."""
    with _told("list"):
        entries = [catalogue.entry(session) for session in catalogue.find(sessions_folder)]
        if as_json:
            _print_json([asdict(entry) for entry in entries])
        elif entries:
            tables.print_table(console, tables.of_entries(entries))
        else:
            _say(f"no sessions in {sessions_folder}; `vitalrig record` makes one")


@app.command()
def show(name: Name, sessions_folder: Folder = ROOT, as_json: AsJson = False) -> None:
    """Show one session: its files, and each series in a few numbers."""
    with _told("show"):
        session = _open(name, sessions_folder)
        from vitalrig.sessions.statistics import statistics_of  # noqa: PLC0415

        rows: list[dict[str, Any]] = []
        with _bar("looking", session.total_samples) as advance:
            for series in session.series:
                samples = series.load()
                names = {"channel": series.channel, "series": series.name, "unit": series.unit}
                rows.append(names | asdict(statistics_of(samples)))
                advance(len(samples))
        entry = asdict(catalogue.entry(session.files))
        if as_json:
            files = {path.name: path.stat().st_size for path in session.files.all()}
            _print_json(
                entry | {"verdict": _verdict(session.files), "files": files, "series": rows}
            )
        else:
            about = tables.of_session(entry, _verdict(session.files), session.files)
            tables.print_table(console, about)
            tables.print_table(console, tables.of_series(rows))


@app.command()
def verify(
    names: Annotated[list[str] | None, typer.Argument(help="Which; by default all.")] = None,
    sessions_folder: Folder = ROOT,
    as_json: AsJson = False,
    require_complete: Annotated[
        bool, typer.Option(help="Also fail on sessions that name a loss of their own.")
    ] = False,
) -> None:
    """Check that sessions are what was recorded. The exit status is 1 if one is not."""
    with _told("verify"):
        from vitalrig.sessions.verify import verify as check  # noqa: PLC0415

        found = _which(names, sessions_folder)
        strangers = [] if names else catalogue.strangers(sessions_folder)
        reports = []
        for session in found:
            with _bar(f"verifying {session.name}", _size_bytes(session)) as advance:
                reports.append(check(session, advance))
        if as_json:
            _print_json(
                {
                    "intact": all(report.is_intact for report in reports),
                    "sessions": [_document(report) for report in reports],
                    "strangers": [str(path) for path in strangers],
                }
            )
        else:
            for report in reports:
                tables.print_report(console, report)
            for path in strangers:
                _say(f"         {path} belongs to no session")
    fails = any(
        not report.is_intact or (require_complete and not report.complete and not report.recording)
        for report in reports
    )
    if fails:
        raise typer.Exit(1)


@app.command()
def repair(names: Names, sessions_folder: Folder = ROOT, as_json: AsJson = False) -> None:
    """Finish interrupted sessions, and rebuild from the JSONL what was made of it."""
    with _told("repair"):
        from vitalrig.sessions.repair import repair as mend  # noqa: PLC0415

        done = []
        for session in _which(names, sessions_folder):
            with _bar(f"repairing {session.name}", _size_bytes(session)) as advance:
                result = mend(session, advance)
            kept = [path.name for path in result.kept]
            done.append({"repaired": result.did_something, "kept": kept} | _document(result.after))
            if not as_json:
                tables.print_repair(console, result)
        if as_json:
            _print_json(done)


@app.command()
def export(
    name: Name,
    to: Annotated[list[Format], typer.Option("--format", "-f", help="One or more.")],
    output: Annotated[
        Path | None,
        typer.Option(help="The file to make, or a folder; by default beside the session."),
    ] = None,
    sessions_folder: Folder = ROOT,
    force: Force = False,
) -> None:
    """Export a session to CSV, Parquet, EDF+ or XDF."""
    with _told("export"):
        session = _open(name, sessions_folder)
        targets = {each: _target(session.files, each, output) for each in dict.fromkeys(to)}
        if len(set(targets.values())) < len(targets):
            raise BadRequest(f"{output} is one file; name a folder for more than one format")
        for each, path in targets.items():
            write = import_module(f"vitalrig.sessions.export_{each}").export
            # EDF's header has to be known before its data, so every sample is looked at twice.
            passes = 2 if each is Format.EDF else 1
            with _bar(f"writing {path.name}", passes * session.total_samples) as advance:
                write(session, path, force=force, advance=advance)
            _say(f"{path}  ({tables.size(path.stat().st_size)})")


@app.command()
def plot(
    name: Name,
    output: Annotated[Path, typer.Option(help="The PNG to make.")] = Path("metrics_plot.png"),
    on_screen: Annotated[
        bool, typer.Option("--show", help="Show it in a window and make no file.")
    ] = False,
    sessions_folder: Folder = ROOT,
    force: Force = False,
) -> None:
    """Plot a session in six panels: four traces, their z-scores, their timing."""
    with _told("plot"):
        from vitalrig.sessions import plot as plotting  # noqa: PLC0415

        session = _open(name, sessions_folder)
        if on_screen:
            plotting.show(session)
            return
        plotting.save(session, output, force=force)
        _say(str(output))


def _open(name: str, sessions_folder: Path) -> "Session":
    from vitalrig.sessions.read import open_session  # noqa: PLC0415

    files = catalogue.resolve(name, sessions_folder)
    with _bar(f"reading {files.name}", _size_bytes(files)) as advance:
        return open_session(files, advance=advance)


def _which(names: list[str] | None, sessions_folder: Path) -> list[SessionFiles]:
    if names:
        return [catalogue.resolve(name, sessions_folder) for name in names]
    return catalogue.find(sessions_folder)


def _target(files: SessionFiles, to: Format, output: Path | None) -> Path:
    if output is None or output.is_dir():
        return (output or files.folder) / f"{files.stem}.{to}"
    return output


def _verdict(files: SessionFiles) -> str:
    return str(files.facts.get("verdict") or catalogue.state_of(files))


def _size_bytes(files: SessionFiles) -> int:
    return files.jsonl.stat().st_size if files.jsonl else 0


def _document(report: "Report") -> dict[str, Any]:
    return {"intact": report.is_intact} | asdict(report)


def _say(text: str) -> None:
    console.print(escape(text), soft_wrap=True)


def _print_json(document: object) -> None:
    typer.echo(json.dumps(document, indent=2))


@contextmanager
def _told(command: str) -> Iterator[None]:
    """Say what went wrong in one line, and fail."""
    try:
        yield
    except (VitalrigError, OSError) as exc:
        # A path or a hint may hold brackets, which rich would take for its own.
        messages.print(f"[red]{command}:[/red] {escape(str(exc))}", soft_wrap=True)
        raise typer.Exit(1) from exc


@contextmanager
def _bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar while the block runs, where there is someone to see it."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=messages,
        transient=True,
        disable=not messages.is_terminal,
    ) as progress:
        task = progress.add_task(description, total=total or None)
        yield lambda done: progress.advance(task, done)
