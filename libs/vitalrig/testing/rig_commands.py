"""The commands of `python -m vitalrig.testing`."""

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from vitalrig.errors import VitalrigError
from vitalrig.nearest import did_you_mean
from vitalrig.testing.leftovers import sweep
from vitalrig.testing.listen_address import ListenAddress
from vitalrig.testing.serve_rig import ServedRig, serve


class _Parser(argparse.ArgumentParser):
    """Says what was meant by an option that there is not."""

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401  argparse's
        """
        Read the arguments; an unknown one ends the program with the nearest name.
        """
        known, unknown = self.parse_known_args(args, namespace)
        if unknown:
            word = unknown[0].partition("=")[0]
            self.error(f"there is no {word}{did_you_mean(word, self.options)}")
        return known

    @property
    def options(self) -> list[str]:
        """
        All that there are, also those of the commands.
        """
        return [*_OPTIONS, "--help"]

    def error(self, message: str) -> NoReturn:
        """
        End in one line.
        """
        self.exit(2, f"{self.prog}: {message}\n")


_OPTIONS = (
    "--scenario", "--seed", "--speed", "--server", "--rig", "--listen", "--while-pid",
    "--address-file", "--timeout", "--kept",
)  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """
    Run a command; gives 1 if it cannot be done, 2 if it cannot be understood.
    """
    arguments = _parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except VitalrigError as exc:
        sys.stderr.write(f"vitalrig.testing: {exc}\n")
        return 1


def _parser() -> _Parser:
    parser = _Parser(prog="python -m vitalrig.testing", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser(
        "serve",
        help="run a rig; print where it is as one line of JSON when it is ready",
        description="Run a rig and print where it is, one line of JSON, when it is ready. It ends "
        "with its standard input, or at SIGTERM.",
        allow_abbrev=False,
    )
    command.set_defaults(run=_serve)
    command.add_argument("--scenario", default="", help="what happens to the subject: apnea, ...")
    command.add_argument("--seed", type=int, default=1, help="the same seed, the same signals")
    command.add_argument("--speed", type=_speed, default=1.0, help="1 is real time")
    parts = command.add_mutually_exclusive_group()
    parts.add_argument(
        "--rig", dest="parts", action="store_const", const="rig", default="rig",
        help="all of it; this is the default",
    )  # fmt: skip
    parts.add_argument(
        "--server", dest="parts", action="store_const", const="server",
        help="Redis and a physiology_server, without collector and exporter",
    )  # fmt: skip
    command.add_argument(
        "--listen", default="127.0.0.1", metavar="ADDRESS",
        help="in a container: where services listen, at their usual ports",
    )  # fmt: skip
    command.add_argument(
        "--while-pid", type=int, default=0, metavar="PID", help="end with this process instead"
    )
    command.add_argument(
        "--address-file", type=Path, default=None, metavar="FILE", help="write the line there, too"
    )
    command.add_argument(
        "--timeout", type=float, default=60.0, help="seconds in which it has to be ready"
    )
    command = commands.add_parser(
        "sweep",
        help="end and remove what rigs have left whose tests were killed",
        allow_abbrev=False,
    )
    command.set_defaults(run=_sweep)
    command.add_argument("--kept", action="store_true", help="also rigs that were kept for a look")
    return parser


def _speed(text: str) -> float:
    speed = float(text)
    if not speed > 0 or math.isnan(speed):
        raise argparse.ArgumentTypeError(f"{text} is no speed: it is more than 0")
    return speed


def _serve(arguments: argparse.Namespace) -> int:
    return serve(
        ServedRig(
            arguments.parts,
            arguments.scenario,
            arguments.seed,
            arguments.speed,
            ListenAddress(arguments.listen),
        ),
        while_pid=arguments.while_pid,
        address_file=arguments.address_file,
        timeout_s=arguments.timeout,
    )


def _sweep(arguments: argparse.Namespace) -> int:
    for token in sweep(kept=arguments.kept):
        sys.stdout.write(f"{token}\n")
    return 0
