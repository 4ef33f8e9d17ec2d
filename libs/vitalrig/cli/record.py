"""`vitalrig record`: one recording from start to finished files, with a progress bar."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from smartspectra.ipc.storage.session_paths import SessionPaths, check_session_id
from vitalrig.cli.opened import Folder
from vitalrig.cli.terminal import command, console, messages, say, shown
from vitalrig.errors import BadRequest, InvalidState, Unavailable
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc.client import PhysiologyClient

POLL_S = 0.2
FILES_WITHIN_S = 10.0
SUMMARY_WITHIN_S = 60.0


def record(
    sessions_folder: Folder,
    seconds: Annotated[float, typer.Option(min=1, help="How long to record.")] = 30,
    session: Annotated[
        str, typer.Option(help="Name of the session; by default made from date and time.")
    ] = "",
    server: Annotated[str, typer.Option(help="gRPC address.")] = "127.0.0.1:50051",
    settle: Annotated[
        bool, typer.Option(help="Wait until every signal is there before recording.")
    ] = True,
    append: Annotated[bool, typer.Option(help="Go on in a session that exists.")] = False,
) -> None:
    """Record for a while, and wait until the session's files are finished."""
    name = session or datetime.now().astimezone().strftime("%Y%m%d_%H%M%S")
    with command("record"):
        files = _files(sessions_folder, name)
        if not append and files["jsonl"].exists():
            raise BadRequest(
                f"session {name} exists already in {sessions_folder}; "
                "choose another name, or pass --append to go on in it"
            )
        summary = asyncio.run(_record(server, name, seconds, files, settle=settle))
        _show(name, files, summary)


def _files(folder: Path, name: str) -> dict[str, Path]:
    try:
        check_session_id(name)
    except ValueError as exc:
        raise BadRequest(str(exc)) from exc
    if not folder.is_dir():
        raise BadRequest(f"{folder} is not a folder; where does the collector write?")
    return SessionPaths.in_folder(folder).for_session(name).by_kind()


async def _settle(server: PhysiologyClient) -> None:
    remaining_s = _settling_s(await server.status())
    if not remaining_s:
        return
    with _progress() as progress:
        task = progress.add_task("settling", total=remaining_s)
        while remaining := _settling_s(status := await server.status()):
            if not status.edge_running:
                raise InvalidState(
                    "the source has ended before its signals had settled; a longer one is needed"
                )
            done_s = max(0.0, remaining_s - remaining)
            name = pb.StatusCode.Name(status.status)
            progress.update(task, completed=done_s, description=f"settling, status {name}")
            await asyncio.sleep(POLL_S)
        progress.update(task, completed=remaining_s)


def _settling_s(status: pb.StatusReply) -> float:
    return max((signal.remaining_s for signal in status.settling), default=0.0)


async def _record(
    address: str, name: str, seconds: float, files: dict[str, Path], *, settle: bool
) -> dict[str, Any]:
    async with PhysiologyClient.from_environment(address) as server:
        await server.start()
        if settle:
            await _settle(server)
        finished_before = _summary_stamp(files["summary"])
        size_before = files["jsonl"].stat().st_size if files["jsonl"].exists() else -1
        await server.set_recording(True, name)
        try:
            await _wait(
                lambda: files["jsonl"].exists() and files["jsonl"].stat().st_size > size_before,
                FILES_WITHIN_S,
                f"the collector has not begun {files['jsonl']}; `make logs` may tell why",
            )
            await _last(server, name, seconds)
        finally:
            await server.set_recording(False)
    await _wait(
        lambda: _summary_stamp(files["summary"]) not in (None, finished_before),
        SUMMARY_WITHIN_S,
        f"the collector has not finished {files['summary']}; `make logs` may tell why",
    )
    document: dict[str, Any] = json.loads(files["summary"].read_text())
    return document


async def _last(server: PhysiologyClient, name: str, seconds: float) -> None:
    with _progress() as progress:
        task = progress.add_task(shown(f"recording {name}"), total=seconds)
        began_s = time.monotonic()
        while (passed_s := time.monotonic() - began_s) < seconds:
            progress.update(task, completed=passed_s)
            if not (await server.status()).recording:
                raise InvalidState("the recording was stopped by someone else")
            await asyncio.sleep(min(POLL_S, max(0.0, seconds - passed_s)))
        progress.update(task, completed=seconds)


def _summary_stamp(path: Path) -> int | None:
    try:
        stamp = json.loads(path.read_text())["meta"].get("stopped_at_ms")
    except (OSError, ValueError, KeyError):
        return None
    return int(stamp) if stamp is not None else None


async def _wait(condition: Callable[[], bool], within_s: float, message: str) -> None:
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise Unavailable(message)
        await asyncio.sleep(POLL_S)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} s"),
        TimeRemainingColumn(),
        console=messages,
        disable=not messages.is_terminal,
    )


def _show(name: str, files: dict[str, Path], summary: dict[str, Any]) -> None:
    meta = summary["meta"]
    say(
        f"Session {name}: {meta['duration_seconds']:.1f} s, "
        f"{meta['total_samples']} samples in {meta['series_count']} series"
        + (f", source {meta['source']}" if meta.get("source") else "")
    )
    table = Table(box=None)
    for column in ("series", "samples", "median"):
        table.add_column(column, justify="left" if column == "series" else "right")
    for channel, series in summary["series"].items():
        for series_name, columns in series.items():
            values = sorted(columns["values"])
            middle = f"{values[len(values) // 2]:.2f}" if values else "-"
            table.add_row(shown(f"{channel}  {series_name}"), str(len(values)), middle)
    console.print(table)
    for path in files.values():
        say(path)
