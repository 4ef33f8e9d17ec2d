"""
Run another program and keep what it said; wait for what it does.
"""

import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NOT_FOUND = 127
TIMED_OUT = 124


@dataclass(frozen=True)
class Result:
    """
    How a program ended.

    Attributes:
        code: Its exit status; 127 where there is no such program, 124 where it took too long.
        out: What it wrote to standard output.
        err: What it wrote to standard error.
    """

    code: int
    out: str
    err: str

    @property
    def ok(self) -> bool:
        """Whether it ended well."""
        return self.code == 0

    @property
    def last_words(self) -> str:
        """The last line it said, which is where most programs say why they failed."""
        lines = (self.err.strip() or self.out.strip()).splitlines()
        return lines[-1].strip() if lines else f"exit status {self.code}"


def run(
    command: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float = 60.0,
) -> Result:
    """
    Run *command* to its end, without a terminal, and return what it said.
    """
    try:
        ended = subprocess.run(
            command,
            env=env,
            cwd=cwd,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        return Result(NOT_FOUND, "", f"{command[0]}: not found")
    except subprocess.TimeoutExpired:
        return Result(TIMED_OUT, "", f"{command[0]}: no answer in {timeout_s:g} s")
    return Result(ended.returncode, ended.stdout, ended.stderr)


def stream(
    command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> int:
    """
    Run *command* on this terminal and return its exit status.

    Ctrl-C goes to the program too; it is waited for, and its status returned.
    """
    try:
        process = subprocess.Popen(command, env=env, cwd=cwd)
    except FileNotFoundError:
        return NOT_FOUND
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def wait_for(condition: Callable[[], bool], timeout_s: float, every_s: float = 0.2) -> bool:
    """
    Ask *condition* until it holds, at most *timeout_s* long, and return whether it does.
    """
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(every_s)
    return True
