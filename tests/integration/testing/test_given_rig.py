"""A rig that was there before, given by its URL."""

import os

import pytest

from vitalrig.testing.rig import Rig


@pytest.fixture(scope="module")
def running():
    with Rig.start_redis() as rig:
        rig.wait_ready()
        yield rig


@pytest.fixture
def given(suite):
    suite.write(
        test_given="""
            def test_it(vitalrig_rig):
                print("it is", vitalrig_rig.redis_url)

            def test_another(vitalrig_rig):
                pass
        """
    )
    return suite


def test_a_rig_that_runs_is_taken_and_goes_on(running, given):
    """
    A team's own staging rig is not ended by a test.
    """
    result = given.run(f"--vitalrig-url={running.redis_url}", "-rP")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"it is {running.redis_url}"])
    assert running.processes["redis"].is_running


def test_a_rig_that_somebody_has_is_one_line_that_says_who(running, given):
    """
    Two harnesses on one rig would not understand what they see.
    """
    with Rig.attach(running.description):
        result = given.run(f"--vitalrig-url={running.redis_url}")

    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines([f"the rig at 127.0.0.1:* is used by process {os.getpid()} on *"])


def test_a_rig_that_does_not_answer_is_one_line(given):
    """
    Not one for each test.
    """
    result = given.run("--vitalrig-url=redis://127.0.0.1:1")

    result.assert_outcomes(errors=1, skipped=1)
    result.stdout.fnmatch_lines(["the rig at 127.0.0.1:1: *refused*"])
