"""`vitalrig sessions export` and `plot`: a session taken elsewhere."""

from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from vitalrig.cli.opened import Folder, Name, opened
from vitalrig.cli.sessions_tables import size
from vitalrig.cli.terminal import command, progress_bar, say
from vitalrig.errors import BadRequest
from vitalrig.sessions.store.session_files import SessionFiles


class Format(StrEnum):
    """What a session can be exported to."""

    CSV = "csv"
    PARQUET = "parquet"
    EDF = "edf"
    XDF = "xdf"


Force = Annotated[bool, typer.Option(help="Replace a file that is there already.")]


def export(
    name: Name,
    sessions_folder: Folder,
    to: Annotated[
        list[Format] | None,
        typer.Option("--format", "-f", help="One or more; by default what --output ends with."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(help="The file to make, or a folder; by default beside the session."),
    ] = None,
    force: Force = False,
) -> None:
    """Export a session to CSV, Parquet, EDF+ or XDF."""
    with command("export") as doing:
        formats = list(dict.fromkeys(to or _by_suffix(output)))
        session = opened(name, sessions_folder)
        targets = {each: _target(session.files, each, output, formats) for each in formats}

        def exported(each: Format) -> Path:
            path = targets[each]
            write = import_module(f"vitalrig.sessions.exports.export_{each}").export
            # EDF's header has to be known before its data, so every sample is looked at twice.
            passes = 2 if each is Format.EDF else 1
            with progress_bar(f"writing {path.name}", passes * session.total_samples) as advance:
                write(session, path, force=force, advance=advance)
            return path

        for path in doing.over(formats, exported):
            say(f"{path}  ({size(path.stat().st_size)})")


def plot(
    name: Name,
    sessions_folder: Folder,
    output: Annotated[Path, typer.Option(help="The picture to make: .png, .pdf or .svg.")] = Path(
        "metrics_plot.png"
    ),
    on_screen: Annotated[
        bool, typer.Option("--show", help="Show it in a window and make no file.")
    ] = False,
    force: Force = False,
) -> None:
    """Plot a session in six panels: four traces, their z-scores, their timing."""
    with command("plot"):
        from vitalrig.sessions.plotting import plot as plotting  # noqa: PLC0415

        session = opened(name, sessions_folder)
        if on_screen:
            plotting.show(session)
            return
        plotting.save(session, output, force=force)
        say(output)


def _by_suffix(output: Path | None) -> list[Format]:
    suffix = output.suffix if output else ""
    if found := [each for each in Format if suffix == f".{each}"]:
        return found
    raise BadRequest(f"name a --format ({', '.join(Format)}), or an --output that ends with one")


def _target(files: SessionFiles, to: Format, output: Path | None, formats: list[Format]) -> Path:
    """
    The file of one format.

    Raises:
        BadRequest: If *output* says that it is something else, or is one file for several.
    """
    name = f"{files.stem}.{to}"
    if output is None:
        return files.folder / name
    if output.is_dir() or not output.suffix:
        return output / name
    if len(formats) > 1:
        raise BadRequest(f"{output} is one file; name a folder for more than one format")
    if output.suffix != f".{to}":
        raise BadRequest(f"{output} does not end with .{to}, which is asked for")
    return output
