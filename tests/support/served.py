"""A rig as programs in other languages get one: by the command `serve`, which prints a line."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.patience import PATIENCE_S

SERVE = ["-m", "vitalrig.testing", "serve"]


@contextmanager
def served(folder: Path, *options: str) -> Iterator[dict[str, str]]:
    """What serve prints; it runs in *folder*, until its standard input ends."""
    command = [sys.executable, *SERVE, f"--timeout={PATIENCE_S}", *options]
    with (folder / "serve.log").open("w+") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            line = process.stdout.readline()
            log.seek(0)
            assert line, log.read()
            yield json.loads(line)
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait(PATIENCE_S)
