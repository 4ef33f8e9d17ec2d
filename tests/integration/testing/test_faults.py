"""Faults on a rig of real processes, and that none of them outlives its test."""

from contextlib import closing

import pytest
from redis.exceptions import ConnectionError as RefusedError

from vitalrig.testing.faults import Faults
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.rig import Rig


@pytest.fixture(scope="module")
def redis_rig():
    with Rig.start_redis() as rig:
        rig.wait_ready()
        yield rig


@pytest.fixture
def client(redis_rig):
    with closing(redis_rig.address.client()) as client:
        yield client


def test_redis_is_away_until_the_block_ends_and_keeps_what_it_had(redis_rig, client):
    """
    A program is seen to lose its connection, and to go on where it was.
    """
    client.set("before", "kept")

    faults = Faults(redis_rig)
    with faults.redis_away(), pytest.raises(RefusedError):
        client.get("before")
    faults.lift()

    assert b"kept" == client.get("before")


def test_what_is_killed_is_started_again(redis_rig, client):
    """
    At the end of the test at the latest, as another process.
    """
    faults = Faults(redis_rig)
    before = client.info()["process_id"]
    faults.kill("redis")
    assert not redis_rig.processes["redis"].is_running

    faults.lift()

    assert before != client.info()["process_id"]


def test_faults_on_one_service_are_lifted_in_reverse_order(redis_rig, client):
    """
    Frozen, then killed and frozen anew: whatever a test leaves, the service works afterwards.
    """
    faults = Faults(redis_rig)
    faults.freeze("redis")
    faults.kill("redis")
    faults.start("redis")
    faults.freeze("redis")
    faults.lift()

    assert client.ping()


def test_a_restart_is_over_when_the_rig_works(redis_rig, client):
    """
    There is nothing to lift.
    """
    before = client.info()["process_id"]
    Faults(redis_rig).restart("redis")

    assert before != client.info()["process_id"]


def test_an_unknown_service_is_one_line_with_the_nearest(redis_rig):
    """
    As for every name.
    """
    with pytest.raises(HarnessError, match="there is no service reids in this rig; did you mean"):
        Faults(redis_rig).freeze("reids")


def test_a_rig_that_somebody_else_started_takes_no_faults(redis_rig):
    """
    Its processes are not ours to kill.
    """
    with (
        Rig.attach(redis_rig.description) as given,
        pytest.raises(HarnessError, match="this rig was started by somebody else"),
    ):
        Faults(given).kill("redis")


def test_a_test_that_fails_leaves_no_fault(suite):
    """
    The next test has a rig that works: what is made now comes through every part.
    """
    suite.write(
        test_faults="""
            def test_fails(vitalrig_faults):
                vitalrig_faults.freeze("exporter")
                vitalrig_faults.kill("collector")
                vitalrig_faults.stop("physiology_server")
                vitalrig_faults.redis_away()
                assert "our reason" == ""

            def test_next(vitalrig_rig):
                assert all(each.is_running for each in vitalrig_rig.processes.values())
                vitalrig_rig.wait_ready(timeout=1)
        """
    )
    result = suite.run()

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["*our reason*"])


def test_a_rig_that_does_not_work_again_is_one_error_and_nobody_uses_it(suite):
    """
    The error is the test's that had the faults; the others say where it is.
    """
    suite.write(
        test_faults="""
            def test_breaks(vitalrig_rig, vitalrig_faults):
                vitalrig_faults.kill("exporter")
                vitalrig_rig.processes["exporter"].command[:] = ["false"]

            def test_next(vitalrig_rig): pass
        """
    )
    result = suite.run("-rs")

    result.assert_outcomes(passed=1, errors=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "after its faults, exporter is not ready: *; it ended with exit status 1*",
            "SKIPPED*vitalrig_rig is not ready: test_faults.py::test_breaks has the error",
        ]
    )
