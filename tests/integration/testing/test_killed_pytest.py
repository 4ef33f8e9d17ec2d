"""Nothing is left of a pytest that was killed, whatever it was doing."""

import random
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.dice import a_dice
from tests.support.eventually import eventually
from tests.support.harness_scripts import processes_in
from tests.support.patience import PATIENCE_S
from tests.support.rounds import rounds
from tests.support.suites import PLUGIN, Suite
from vitalrig.testing.rig_address import RigAddress

ROUNDS = rounds(3, 50)

SUITE = """
import time

def test_redis(vitalrig_redis):
    assert vitalrig_redis.redis_url

def test_faults(vitalrig_rig, vitalrig_faults):
    vitalrig_faults.freeze("collector")
    vitalrig_faults.kill("exporter")
    time.sleep(0.3)

def test_rig(vitalrig_rig):
    time.sleep(0.3)
"""
BYSTANDER = """
import sys
from vitalrig.testing.rig import Rig

with Rig.start_redis() as rig:
    rig.wait_ready()
    print(rig.redis_url, rig.processes["redis"].pid, flush=True)
    sys.stdin.read()
"""
NEXT_START = "from vitalrig.testing.leftovers import sweep; sweep()"
WAYS = ([], ["-p", "xdist.plugin", "--numprocesses=2", "--vitalrig-shared"])


class Machine:
    """A temporary folder of its own: what has it in its environment was started in this test."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self.suite = folder / "suite"
        self.suite.mkdir()
        (self.suite / "test_it.py").write_text(SUITE)
        self._environment = Suite(folder).environment | {"TMPDIR": str(self.temporary)}

    def python(self, *words: str, **options: object) -> subprocess.Popen:
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, *words],
                **{"stdout": log, "stderr": log, "env": self._environment, "cwd": self.suite}
                | options,
            )

    def pytest(self, *options: str) -> subprocess.Popen:
        return self.python("-m", "pytest", "-q", "-p", PLUGIN, *options)

    def processes(self) -> dict[int, str]:
        return processes_in(self.temporary)

    def rigs(self) -> set[str]:
        return {
            str(folder.relative_to(self.temporary))
            for folder in self.temporary.glob("vitalrig-testing-*/*")
            if folder.is_dir()
        }

    def next_start(self) -> None:
        assert 0 == self.python("-c", NEXT_START).wait(PATIENCE_S), self.log.read_text()

    @contextmanager
    def bystander(self):
        """A rig of somebody else, who goes on working."""
        pipe = subprocess.PIPE
        with self.python("-c", BYSTANDER, stdin=pipe, stdout=pipe, text=True) as process:
            url, pid = process.stdout.readline().split()
            yield url, int(pid)


def kill_at_any_moment(process: subprocess.Popen, dice: random.Random, whole_s: float) -> str:
    after_s = whole_s * dice.random()
    time.sleep(after_s)
    process.kill()
    process.wait(PATIENCE_S)
    return f"after {after_s:.2f} s"


@pytest.mark.timeout(300 + 60 * ROUNDS)
def test_nothing_is_left_of_a_pytest_that_was_killed_and_nobody_else_is_touched(tmp_path):
    """
    No process, no port and no folder after the next start. VITALRIG_TEST_SEED has it again.
    """
    dice, machine = a_dice(), Machine(tmp_path)
    with machine.bystander() as (url, pid):
        others, rigs = machine.processes(), machine.rigs()
        began_s = time.monotonic()
        assert 0 == machine.pytest().wait(PATIENCE_S), machine.log.read_text()
        whole_s = time.monotonic() - began_s
        eventually(lambda: others == machine.processes())

        for number in range(ROUNDS):
            way = dice.choice(WAYS)
            moment = kill_at_any_moment(machine.pytest(*way), dice, whole_s)
            print(f"round {number}: {way} killed {moment}")  # noqa: T201  pytest shows it
            eventually(lambda: machine.next_start() or rigs == machine.rigs())
            with suppress(AssertionError):  # the next line says what is left
                eventually(lambda: others == machine.processes())
            assert others == machine.processes()

        with closing(RigAddress.parse(url).client()) as client:
            assert pid == client.info()["process_id"]
