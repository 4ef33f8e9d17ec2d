"""`python -m vitalrig.testing serve`: a rig for a program in any language."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.harness_scripts import first_line, names_of, program
from tests.support.patience import PATIENCE_S
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.rig_description import RigDescription

SERVE = [sys.executable, "-m", "vitalrig.testing", "serve", "--timeout", str(PATIENCE_S)]


def test_one_line_says_where_everything_is_when_it_is_ready(tmp_path):
    """
    Whoever reads it can use the rig at once; it ends with its standard input.
    """
    with program([*SERVE, "--scenario", "apnea", "--seed", "3"], tmp_path) as serving:
        rig = RigDescription.parse(first_line(serving))
        with RigAddress.parse(rig.redis).client() as client:
            assert client.xlen(f"{rig.prefix}:envelopes") > 0
        assert "duration_s" not in (Path(rig.folder) / "scenario.yml").read_text()
        assert {"redis", "physiology_server", "exporter"} == set(rig.urls)

        out, err = serving.communicate(timeout=PATIENCE_S)

    assert (0, "", "") == (serving.returncode, out, err)
    assert [] == names_of(rig.token)


def test_it_ends_when_it_is_told_to(tmp_path):
    """
    SIGTERM is how other programs end a child.
    """
    with program([*SERVE, "--server"], tmp_path) as serving:
        rig = RigDescription.parse(first_line(serving))
        serving.terminate()

        assert 0 == serving.wait(PATIENCE_S)
    assert [] == names_of(rig.token)


def test_it_ends_while_it_starts_when_it_is_told_to(tmp_path):
    """
    Nobody waits for a rig to become ready that nobody wants.
    """
    with program([*SERVE, "--rig"], tmp_path) as serving:
        folder = eventually(lambda: [*tmp_path.glob("vitalrig-testing-*/*/physiology_server.log")])
        serving.send_signal(signal.SIGTERM)

        assert 0 == serving.wait(PATIENCE_S)
    assert [] == names_of(folder[0].parent.name)


def test_it_ends_with_a_process_that_it_was_given(tmp_path):
    """
    The workers of a test run share a rig that no one of them has started.
    """
    addresses = tmp_path / "rig.json"
    with subprocess.Popen(["sleep", "600"]) as whom:
        while_pid = ["--while-pid", str(whom.pid), "--address-file", str(addresses)]
        with program([*SERVE, "--server", *while_pid], tmp_path) as serving:
            serving.stdin.close()
            serving.stdin = None
            line = first_line(serving)
            assert line == addresses.read_text()
            whom.kill()

            assert 0 == serving.wait(PATIENCE_S)


def test_it_does_not_start_for_a_process_that_has_ended(tmp_path):
    """
    It would have nobody to end with.
    """
    with subprocess.Popen(["true"]) as whom:
        whom.wait()
    with program([*SERVE, "--server", "--while-pid", str(whom.pid)], tmp_path) as serving:
        assert 1 == serving.wait(PATIENCE_S)
        assert f"process {whom.pid} has ended" in serving.stderr.read()


def test_a_service_that_ends_ends_the_rig_with_its_log(tmp_path):
    """
    Whoever uses it would otherwise wait for nothing.
    """
    with program([*SERVE, "--server"], tmp_path) as serving:
        rig = RigDescription.parse(first_line(serving))
        with RigAddress.parse(rig.redis).client() as client:
            client.shutdown(nosave=True)

        assert 1 == serving.wait(PATIENCE_S)
        assert "redis is not ready: it has to run; it ended" in serving.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["serve", "--scenaro", "apnea"], 2, "no --scenaro; did you mean --scenario?"),
        (["serve", "--scenario", "apnae"], 1, "did you mean apnea?"),
        (["serve", "--scenario", "no/such.yml"], 1, "scenario: no/such.yml cannot be read"),
        (["serve", "--speed", "0"], 2, "0 is no speed"),
        (["srve"], 2, "srve"),
        ([], 2, "COMMAND"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(tmp_path, arguments, status, words):
    """
    With the nearest name where there is one.
    """
    with program([sys.executable, "-m", "vitalrig.testing", *arguments], tmp_path) as asked:
        assert status == asked.wait(PATIENCE_S)
        said = asked.stderr.read()

    assert words in said
    assert 1 == said.count("\n")
