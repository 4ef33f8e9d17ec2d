"""How `vitalrig sessions` shows things to people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

from vitalrig.cli.terminal import shown
from vitalrig.sessions.reading.words import date_and_time, length
from vitalrig.sessions.store.catalogue import Entry
from vitalrig.sessions.store.session_files import SessionFiles

if TYPE_CHECKING:
    from vitalrig.sessions.verification.repair import Repaired
    from vitalrig.sessions.verification.verify import Report

_COLOURS = {
    "complete": "green",
    "recording": "cyan",
    "interrupted": "red",
    "not complete": "yellow",
}
_KIBI = 1024
_WIDEST = 1000


def print_table(console: Console, table: Table) -> None:
    """Print a table whole; a narrow terminal wraps its lines rather than lose names."""
    natural = Measurement.get(console, console.options.update(width=_WIDEST), table).maximum
    width = console.width
    console.width = max(width, natural)
    try:
        console.print(table, crop=False)
    finally:
        console.width = width


def of_entries(entries: Sequence[Entry]) -> Table:
    """The list of sessions; cameras are named where there is more than one."""
    many = len({entry.camera for entry in entries}) > 1
    columns = ["session", *(["camera"] if many else []), "started (UTC)", "length"]
    table = _table(*columns, "source", "state")
    for column in ("samples", "size"):
        table.add_column(column, justify="right", no_wrap=True)
    for entry in entries:
        colour = _COLOURS.get(entry.state, "default")
        table.add_row(
            shown(entry.name),
            *([shown(entry.camera)] if many else []),
            date_and_time(entry.started_at_ms),
            length(entry.duration_s),
            shown(entry.source),
            f"[{colour}]{entry.state}[/{colour}]",
            _number(entry.samples),
            size(entry.size_bytes),
        )
    return table


def of_session(entry: dict[str, Any], verdict: str, files: SessionFiles) -> Table:
    """What is known of one session."""
    table = Table(box=None, show_header=False)
    table.add_column()
    table.add_column(no_wrap=True)
    rows = {
        "session": entry["name"],
        "camera": entry["camera"],
        "source": entry["source"],
        "started": f"{date_and_time(entry['started_at_ms'])} UTC",
        "length": length(entry["duration_s"]),
        "verdict": verdict,
    }
    for key, value in rows.items():
        table.add_row(key, shown(value))
    for path in files.all():
        table.add_row("file", shown(f"{path}  ({size(path.stat().st_size)})"))
    return table


def of_series(rows: Sequence[dict[str, Any]]) -> Table:
    """Each series in a few numbers."""
    table = _table("series", "unit")
    for column in ("samples", "Hz", "gaps", "mean", "SD", "least", "greatest"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        kind = row["channel"].rpartition(":")[2].removesuffix("_metrics")
        table.add_row(
            shown(f"{kind} {row['series']}"),
            shown(row["unit"] or "-"),
            f"{row['count']:,}",
            _short(row["rate_hz"]),
            str(row["gaps"]),
            *(_short(row[key]) for key in ("mean", "sd", "minimum", "maximum")),
        )
    return table


def print_report(console: Console, report: "Report") -> None:
    """One session's verdict, and what it rests on."""
    colour = "green" if report.is_intact else "red"
    word = "ok" if report.is_intact else "DAMAGED"
    if report.is_intact and not report.complete:
        colour = "yellow"
    summary = report.verdict if report.is_intact else f"{len(report.findings)} findings"
    console.print(
        f"[{colour}]{word:8}[/{colour}] {shown(report.name)}: {shown(summary)} "
        f"[dim]({report.envelopes:,} envelopes, {report.samples:,} samples, "
        f"{size(report.size_bytes)})[/dim]",
        soft_wrap=True,
    )
    for finding in report.findings:
        mark = "[red]-[/red]" if finding.is_damage else "[dim]-[/dim]"
        console.print(f"         {mark} {shown(finding.text)}", soft_wrap=True)
    if report.can_be_repaired:
        good = (
            "makes the rest good; only a copy has it all"
            if report.missing_envelopes
            else "makes it good"
        )
        console.print(f"         `vitalrig sessions repair {shown(report.name)}` {good}")
    elif not report.is_intact:
        console.print("         the JSONL itself is damaged; restore the session from a copy")


def print_repair(console: Console, done: "Repaired") -> None:
    """What a repair did."""
    name = shown(done.after.name)
    if not done.did_something:
        console.print(f"{name}: nothing to repair, {shown(done.after.verdict)}", soft_wrap=True)
        return
    console.print(f"{name}: was {shown(done.before.verdict)}", soft_wrap=True)
    console.print(f"{name}: is {shown(done.after.verdict)}", soft_wrap=True)
    for path in done.kept:
        console.print(f"         kept {shown(str(path))}", soft_wrap=True)


def size(size_bytes: float) -> str:
    """A size in the unit that suits it."""
    for unit in ("B", "KiB", "MiB"):
        if size_bytes < _KIBI:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= _KIBI
    return f"{size_bytes:.2f} GiB"


def _table(*columns: str) -> Table:
    table = Table(box=None)
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _short(number: float | None) -> str:
    return "-" if number is None else f"{number:.4g}"
