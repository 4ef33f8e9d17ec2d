"""Nothing is left of a rig, however its tests ended, and nobody else's is touched."""

import os
import subprocess
import sys
import threading
import time

import pytest

from tests.support.dice import a_dice
from tests.support.eventually import eventually
from tests.support.harness_scripts import first_line, hold, names_of, program
from tests.support.patience import PATIENCE_S
from tests.support.rig_promises import listeners
from tests.support.rounds import rounds
from vitalrig.testing import lifeline
from vitalrig.testing.leftovers import sweep
from vitalrig.testing.rig import Rig
from vitalrig.testing.rig_description import RigDescription
from vitalrig.testing.run_folder import TOKEN_NAME, harness_folder

SLEEP = "import time; time.sleep(600)"


def left_in(folder):
    return {path.name for path in folder.iterdir()} - {"ports.lock"}


def ports_of(description):
    return {int(url.rpartition(":")[2]) for url in description.urls.values()}


def test_a_rig_that_was_stopped_has_left_nothing(harness_place):
    """
    No process, no folder, no port; a frozen process is no exception.
    """
    with Rig.start_rig() as rig:
        rig.wait_ready(PATIENCE_S)
        rig.processes["collector"].freeze()

    assert [] == names_of(rig.token)
    assert set() == left_in(harness_folder())
    assert not {port for _, port in listeners()} & ports_of(rig.description)
    rig.stop()


def test_processes_die_with_the_one_that_started_them_and_the_folder_at_the_next_start(
    harness_place,
):
    """
    SIGKILL leaves pytest no time for anything.
    """
    with program(hold("Rig.start_rig()"), harness_place) as owner:
        rig = RigDescription.parse(first_line(owner))
        assert 4 == len(names_of(rig.token))
        owner.kill()

        eventually(lambda: not names_of(rig.token))
    assert rig.token in left_in(harness_folder())
    with Rig.start_redis() as another:
        assert {another.token} == left_in(harness_folder())


@pytest.mark.timeout(900)
def test_a_kill_at_any_moment_leaves_nothing(harness_place):
    """
    Also while the rig starts.
    """
    dice = a_dice()
    for _ in range(rounds(3, 50)):
        with program(hold("Rig.start_server()"), harness_place) as owner:
            time.sleep(dice.uniform(0, 4))
            owner.kill()
        tokens = left_in(harness_folder())
        eventually(lambda tokens=tokens: not any(map(names_of, tokens)))

        eventually(lambda: [*sweep(), *left_in(harness_folder())] == [])


def test_what_was_to_start_when_its_parent_ended_does_not_start():
    """
    The system sends no signal for what happened before it was asked to.
    """
    nobody = "0"
    ended = subprocess.run(
        [sys.executable, "-I", "-S", lifeline.__file__, nobody, "--", "echo", "started"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (1, "") == (ended.returncode, ended.stdout)
    assert "whoever started this has ended" in ended.stderr


def test_what_only_looks_like_a_rigs_is_nobodys_business(harness_place):
    """
    A token in a command line, or another token in the environment, ends no process.
    """
    with program(hold("Rig.start_redis()"), harness_place) as owner:
        token = RigDescription.parse(first_line(owner)).token
        owner.kill()
    alike = [
        subprocess.Popen(["sleep", "600"], env=os.environ | {TOKEN_NAME: f"{token}0"}),
        subprocess.Popen([sys.executable, "-c", SLEEP, f"{TOKEN_NAME}={token}", "redis-server"]),
    ]
    try:
        assert [token] == sweep()
        assert [None, None] == [process.poll() for process in alike]
    finally:
        for process in alike:
            process.kill()
            process.wait()


def test_a_rig_whose_owner_lives_is_not_swept(harness_place):
    """
    Two test runs on one machine do not know of each other.
    """
    with program(hold("Rig.start_redis()"), harness_place) as owner:
        rig = RigDescription.parse(first_line(owner))

        assert [] == sweep()
        assert ["redis-server"] == [name[:12] for name in names_of(rig.token)]


def test_a_process_outlives_the_thread_that_asked_for_it(harness_place):
    """
    The system's signal comes when a thread ends, and a test's own thread may end early.
    """
    made = []
    thread = threading.Thread(target=lambda: made.append(Rig.start_redis()))
    thread.start()
    thread.join(PATIENCE_S)
    (rig,) = made

    with rig:
        rig.wait_ready(PATIENCE_S)


def test_a_rig_that_is_kept_runs_on_and_can_be_taken(harness_place):
    """
    For a look after the tests; it ends when it is told to.
    """
    with program(hold("Rig.start_server(keep=True)"), harness_place) as owner:
        kept = RigDescription.parse(first_line(owner))
    try:
        assert [] == sweep()
        with Rig.kept() as rig:
            rig.wait_ready(PATIENCE_S)
            assert kept == rig.description
            assert "physiology_server ready" in rig.logs("physiology_server")
        assert 2 == len(names_of(kept.token))
    finally:
        assert [kept.token] == sweep(kept=True)
    eventually(lambda: not names_of(kept.token))


@pytest.mark.parametrize("ending", ["kill", "stop"])
def test_a_process_that_is_started_again_goes_on_in_its_log(harness_place, ending):
    """
    As a service does that its supervisor has started again.
    """
    with Rig.start_redis() as rig:
        rig.wait_ready(PATIENCE_S)
        process = rig.processes["redis"]
        before, size = process.pid, process.log_size()
        getattr(process, ending)()
        process.start()
        rig.wait_ready(PATIENCE_S)

        assert before != process.pid
        assert "Ready to accept connections" in process.log_text(size)
