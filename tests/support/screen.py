"""A program with a keyboard and a screen, run as a subprocess."""

import contextlib
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.interruptible import popen
from tests.support.patience import PATIENCE_S

SAMPLES = Path(__file__).parents[2] / "samples"


class Program:
    """One of the samples: what is typed, and what it says."""

    def __init__(self, folder, sample, *arguments, stdout=subprocess.PIPE, env=None):
        self.said: list[str] = []
        self._process = popen(
            [sys.executable, SAMPLES / sample, *arguments],
            cwd=folder,
            env=env,
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def _listen(self):
        with self._process.stdout as screen:
            for line in screen:
                self.said.append(line)

    @property
    def text(self):
        return "".join(self.said)

    def type(self, text):
        self._process.stdin.write(text)
        self._process.stdin.flush()

    def says(self, pattern, times=1):
        eventually(lambda: len(re.findall(pattern, self.text)) >= times)

    def signal(self, number):
        self._process.send_signal(number)

    def ends(self):
        status = self._process.wait(PATIENCE_S)
        self._listener.join(PATIENCE_S)
        return status

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE_S)
        self._listener.join(PATIENCE_S)
        self._process.stdin.close()


class Terminal(Program):
    """The same at a terminal of 80 x 24 with all colours, on a machine without a screen."""

    def __init__(self, folder, sample, *arguments):
        self._ours, theirs = os.openpty()
        screens = ("DISPLAY", "WAYLAND_DISPLAY")
        env = {name: value for name, value in os.environ.items() if name not in screens}
        env |= {"TERM": "xterm", "COLORTERM": "truecolor", "COLUMNS": "80", "LINES": "24"}
        super().__init__(folder, sample, *arguments, stdout=theirs, env=env)
        os.close(theirs)

    def _listen(self):
        # Reading fails when the last program at a terminal has ended.
        with os.fdopen(self._ours, encoding="utf-8") as screen, contextlib.suppress(OSError):
            while text := screen.read(1):
                self.said.append(text)
