"""What every command says to people, and how; text from outside is made harmless on its way."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from vitalrig.errors import VitalrigError
from vitalrig.harmless import harmless

T = TypeVar("T")
R = TypeVar("R")

console = Console(highlight=False)
messages = Console(stderr=True, highlight=False)


def never_fail_to_print() -> None:
    """Escape on standard output what its encoding lacks, as the error output does already."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def shown(text: object) -> str:
    """Text from outside for rich, which would take brackets for its own."""
    return escape(harmless(text))


def mention(text: object) -> None:
    """Print a line for people beside the answer."""
    messages.print(shown(text), soft_wrap=True)


def say(text: object) -> None:
    """Print a line."""
    console.print(shown(text), soft_wrap=True)


def print_json(document: object) -> None:
    """Print JSON, for programs."""
    typer.echo(json.dumps(document, indent=2))


class Command:
    """
    A command that is being done.

    Args:
        name: What its messages begin with.

    Attributes:
        failed: Whether something went wrong.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self.failed = False

    def complain(self, why: object) -> None:
        """Say what went wrong in one line; the command will fail, and goes on until then."""
        messages.print(f"[red]{self._name}:[/red] {shown(why)}", soft_wrap=True)
        self.failed = True

    def over(self, things: Iterable[T], work: Callable[[T], R]) -> Iterator[R]:
        """Do the same to each; one that cannot be done is named and passed over."""
        for thing in things:
            try:
                result = work(thing)
            except (VitalrigError, OSError) as exc:
                self.complain(exc)
                continue
            yield result


@contextmanager
def command(name: str) -> Iterator[Command]:
    """Say what goes wrong in the block, and fail."""
    doing = Command(name)
    try:
        yield doing
    except (VitalrigError, OSError) as exc:
        doing.complain(exc)
    if doing.failed:
        raise typer.Exit(1)


@contextmanager
def progress_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
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
        task = progress.add_task(shown(description), total=total or None)
        yield lambda done: progress.advance(task, done)
