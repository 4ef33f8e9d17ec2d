"""`vitalrig sessions`: what was recorded, looked at, checked and mended."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitalrig.cli import exports
from vitalrig.cli import sessions_tables as tables
from vitalrig.cli.opened import AsJson, Folder, Name, opened, size_bytes
from vitalrig.cli.terminal import Command, command, console, print_json, progress_bar, say
from vitalrig.sessions.store import catalogue
from vitalrig.sessions.store.catalogue import Survey
from vitalrig.sessions.store.session_files import SessionFiles

if TYPE_CHECKING:
    from vitalrig.sessions.verification.repair import Repaired
    from vitalrig.sessions.verification.verify import Report

app = typer.Typer(no_args_is_help=True, help="Look at, check, repair, export and plot sessions.")
app.command()(exports.export)
app.command()(exports.plot)

Names = Annotated[list[str], typer.Argument(help="Sessions' names, or paths of their files.")]


@app.command("list")
def list_(sessions_folder: Folder, as_json: AsJson = False) -> None:
    """List the sessions in a folder and in those of its cameras."""
    with command("list") as doing:
        found = _survey(sessions_folder, doing)
        entries = list(doing.over(found.sessions, catalogue.entry))
        if as_json:
            print_json([asdict(entry) for entry in entries])
        elif entries:
            tables.print_table(console, tables.of_entries(entries))
        else:
            say(f"no sessions in {sessions_folder}; `vitalrig record` makes one")


@app.command()
def show(name: Name, sessions_folder: Folder, as_json: AsJson = False) -> None:
    """Show one session: its files, and each series in a few numbers."""
    with command("show"):
        session = opened(name, sessions_folder)
        from vitalrig.sessions.reading.statistics import statistics_of  # noqa: PLC0415

        rows: list[dict[str, Any]] = []
        with progress_bar("looking", session.total_samples) as advance:
            for series in session.series:
                samples = series.load()
                names = {"channel": series.channel, "series": series.name, "unit": series.unit}
                rows.append(names | asdict(statistics_of(samples)))
                advance(len(samples))
        entry, verdict = asdict(catalogue.entry(session.files)), _verdict(session.files)
        if as_json:
            files = {path.name: path.stat().st_size for path in session.files.all()}
            print_json(entry | {"verdict": verdict, "files": files, "series": rows})
        else:
            tables.print_table(console, tables.of_session(entry, verdict, session.files))
            tables.print_table(console, tables.of_series(rows))


@app.command()
def verify(
    sessions_folder: Folder,
    names: Annotated[list[str] | None, typer.Argument(help="Which; by default all.")] = None,
    as_json: AsJson = False,
    require_complete: Annotated[
        bool, typer.Option(help="Also fail on sessions that name a loss of their own.")
    ] = False,
) -> None:
    """Check that sessions are what was recorded. The exit status is 1 if one is not."""
    with command("verify") as doing:
        from vitalrig.sessions.verification.verify import verify as check  # noqa: PLC0415

        def verified(session: SessionFiles) -> "Report":
            with progress_bar(f"verifying {session.name}", size_bytes(session)) as advance:
                return check(session, advance)

        found = _which(names, sessions_folder, doing)
        reports = list(doing.over(found.sessions, verified))
        if as_json:
            print_json(
                {
                    "intact": all(report.is_intact for report in reports) and not doing.failed,
                    "sessions": [_document(report) for report in reports],
                    "strangers": [str(path) for path in found.unrecognized_files],
                }
            )
        else:
            for report in reports:
                tables.print_report(console, report)
            for path in found.unrecognized_files:
                say(f"         {path} belongs to no session")
        doing.failed |= any(
            not report.is_intact
            or (require_complete and not report.complete and not report.recording)
            for report in reports
        )


@app.command()
def repair(names: Names, sessions_folder: Folder, as_json: AsJson = False) -> None:
    """Finish interrupted sessions, and rebuild from the JSONL what was made of it."""
    with command("repair") as doing:
        from vitalrig.sessions.verification.repair import repair as mend  # noqa: PLC0415

        def mended(session: SessionFiles) -> "Repaired":
            with progress_bar(f"repairing {session.name}", size_bytes(session)) as advance:
                return mend(session, advance)

        done = []
        for result in doing.over(_which(names, sessions_folder, doing).sessions, mended):
            kept = [path.name for path in result.kept]
            done.append({"repaired": result.did_something, "kept": kept} | _document(result.after))
            if not as_json:
                tables.print_repair(console, result)
        if as_json:
            print_json(done)


def _which(names: list[str] | None, sessions_folder: Path, doing: Command) -> Survey:
    """The sessions that are named, or else all that there are."""
    if not names:
        return _survey(sessions_folder, doing)
    return Survey(
        list(doing.over(names, lambda name: catalogue.resolve(name, sessions_folder))), [], []
    )


def _survey(sessions_folder: Path, doing: Command) -> Survey:
    found = catalogue.survey(sessions_folder)
    for why in found.unreadable:
        doing.complain(why)
    return found


def _verdict(files: SessionFiles) -> str:
    return str(files.facts.get("verdict") or catalogue.state_of(files))


def _document(report: "Report") -> dict[str, Any]:
    return {"intact": report.is_intact} | asdict(report)
