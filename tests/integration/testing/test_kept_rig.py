"""A rig that is kept for a look, taken again, and ended."""

import subprocess
import sys

import pytest

from tests.support.eventually import eventually
from tests.support.suites import IN_TWO_WORKERS
from vitalrig.testing.leftovers import processes_of

WHERE = """
    from pathlib import Path

    def test_where(vitalrig_rig):
        Path("token").write_text(vitalrig_rig.description.token)
        assert vitalrig_rig.metrics("vitalrig_envelopes_received_total")
"""


@pytest.fixture(autouse=True)
def a_temporary_folder_of_its_own(suite):
    """Whoever works on this machine may have kept a rig, too."""
    folder = suite.folder / "temporary"
    folder.mkdir()
    suite.environment["TMPDIR"] = str(folder)


def end_what_is_kept(suite):
    command = [sys.executable, "-m", "vitalrig.testing", "sweep", "--kept"]
    subprocess.run(command, check=True, env=suite.environment)


@pytest.mark.parametrize("how", [(), IN_TWO_WORKERS], ids=["one process", "two workers"])
def test_a_kept_rig_runs_on_until_it_is_ended(suite, how):
    """
    The last lines say where it is, how it is taken and how it is ended.
    """
    suite.write(test_where=WHERE)
    result = suite.run("--vitalrig-keep", *how)
    token = (suite.folder / "token").read_text()
    try:
        result.assert_outcomes(passed=2 if how else 1)
        result.stdout.fnmatch_lines(
            [
                "*vitalrig kept its rig*",
                "it runs: Redis redis://127.0.0.1:*, exporter http://127.0.0.1:*, logs in *",
                "take it: pytest --vitalrig-reuse",
                "end it:  python -m vitalrig.testing sweep --kept",
            ]
        )
        assert 4 == len(processes_of(token))

        suite.run("--vitalrig-reuse", *how).assert_outcomes(passed=2 if how else 1)
        assert token == (suite.folder / "token").read_text()
        assert 4 == len(processes_of(token))
    finally:
        end_what_is_kept(suite)

    eventually(lambda: not processes_of(token))


def test_where_no_rig_was_kept_that_is_said(suite):
    """
    And how one is kept.
    """
    suite.write(test_where=WHERE)
    result = suite.run("--vitalrig-reuse")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["--vitalrig-reuse: no rig was kept; pytest --vitalrig-keep keeps one"]
    )
