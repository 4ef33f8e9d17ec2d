"""What `make up MODE=local` says when it cannot start the rig."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from rig.local.supervisor import Supervisor
from tests.support.eventually import eventually
from tests.support.rig_handles import LocalHandle

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.stack


@pytest.fixture
def rig(tmp_path):
    handle = LocalHandle(tmp_path)
    yield handle
    handle.verb("down", check=False)


def test_a_taken_port_is_said_before_anything_starts(rig):
    """
    The message names the variable; no process and no folder is made.
    """
    with socket.create_server(("127.0.0.1", int(rig.environment["EXPORTER_PORT"]))):
        refused = rig.verb("up", check=False)

    assert 1 == refused.returncode
    assert "EXPORTER_PORT is taken" in refused.stderr
    assert [] == list(rig.left())
    assert [] == list(rig.folder.iterdir())


def test_a_full_disk_is_said_before_anything_starts(rig):
    """
    A recording must not begin where it cannot be kept.
    """
    refused = rig.verb("up", check=False, MIN_FREE_MB="1000000000")

    assert 1 == refused.returncode
    assert "disk" in refused.stderr
    assert [] == list(rig.left())


def test_a_service_that_fails_is_named_with_its_last_log_lines(rig):
    """
    Settings that cannot work show the key at once, without a look into files.
    """
    refused = rig.verb("up", check=False, VITALRIG_COLLECTOR_TRANSPORT="pigeon")

    assert 1 == refused.returncode
    assert re.search(r"^collector: .*exit status 2", refused.stderr, re.MULTILINE)
    assert "transport" in refused.stderr
    assert "exporter:" not in refused.stderr


def test_settings_that_changed_while_it_runs_are_not_passed_over(rig):
    """
    `make up` with another port must not say that all is well on the old one.
    """
    rig.verb("up")

    refused = rig.verb("up", check=False, VITALRIG_PHYSIOLOGY_SERVER_PULSE_RATE="60")

    assert 1 == refused.returncode
    assert "VITALRIG_PHYSIOLOGY_SERVER_PULSE_RATE unset -> 60" in refused.stderr


def test_the_other_mode_is_refused_while_this_one_runs(rig):
    """
    Two collectors on one folder of sessions would both write.
    """
    rig.verb("up")

    refused = rig.verb("up", check=False, MODE="compose")

    assert 1 == refused.returncode
    assert "runs already, in local mode" in refused.stderr


def test_doctor_tells_nobody_to_end_the_rig_itself(rig):
    """
    The ports are the rig's own; for the other mode they are not in the way of anything.
    """
    rig.verb("up")

    told = rig.verb("doctor", check=False, MODE="compose").stdout

    assert "the rig has them, in local mode" in told
    assert "is taken" not in told


def test_a_reader_that_has_seen_enough_is_no_mishap(rig):
    """
    `make doctor | head -1` ends without a word from Python.
    """
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as gone:
        ended = subprocess.run(
            [sys.executable, "tools/rig", "doctor"],
            cwd=ROOT, env=rig.variables, stdout=gone,
            stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert "" == ended.stderr


def test_down_ends_what_a_killed_supervisord_left(rig):
    """
    `make down` leaves no process, whatever happened before.
    """
    rig.verb("up")
    os.kill(Supervisor(rig.layout.socket).pid(), signal.SIGKILL)
    eventually(lambda: len(rig.left()) == 5)

    refused = rig.verb("up", check=False)
    rig.verb("down")

    assert "make down" in refused.stderr
    assert [] == list(rig.left())
