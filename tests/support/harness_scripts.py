"""Programs that use the harness, as processes of their own, to be killed; and what they print."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import PATIENCE_S
from vitalrig.testing.leftovers import processes_of

ROOT = Path(__file__).resolve().parents[2]

HOLD = """
import sys
from vitalrig.testing.rig import Rig
rig = {make}
rig.wait_ready({patience})
print(rig.description.to_json(), flush=True)
sys.stdin.read()
"""
"""Makes a rig, says where it is, and waits."""


def hold(make: str) -> list[str]:
    return [sys.executable, "-c", HOLD.format(make=make, patience=PATIENCE_S)]


@contextmanager
def program(command: list[str], folder: Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A program that has its run folders in *folder* and is gone at the end."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT / "libs"), "TMPDIR": str(folder)} | variables,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    """What it prints first, or what it complained of."""
    assert process.stdout
    assert process.stderr
    if not (line := process.stdout.readline()):
        raise AssertionError(process.stderr.read())
    return line


def names_of(token: str) -> list[str]:
    """The names of a rig's processes that run, unburied ones left out."""
    found = []
    for pid in processes_of(token):
        try:
            status = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            continue
        if status.rpartition(")")[2].split()[0] != "Z":
            found.append(status.partition("(")[2].rpartition(")")[0])
    return found


def processes_in(temporary: Path) -> dict[int, str]:
    """The commands of all processes whose temporary folder this is, by process id."""
    mark = f"TMPDIR={temporary}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(folder.name)] = command.decode(errors="replace")
        except OSError:
            continue
    return found
