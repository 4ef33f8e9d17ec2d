"""Processes of a rig that end: by themselves, killed, and started again."""

import os

import pytest
import redis

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.harness_ports import ReservedPorts
from vitalrig.testing.installed_redis import find_redis, redis_command
from vitalrig.testing.managed_process import ManagedProcess


@pytest.fixture
def process(tmp_path):
    """Makes processes; whatever runs at the end is killed."""
    made = []

    def process(*command):
        made.append(ManagedProcess("one", command, tmp_path / "one.log", os.environ))
        return made[-1]

    yield process
    for each in made:
        each.kill()


@pytest.fixture
def port():
    ports = ReservedPorts()
    yield ports.take()
    ports.release()


def answers(client):
    try:
        return client.ping()
    except redis.RedisError:
        return False


def test_who_waits_for_the_end_of_a_process_gets_its_status(process):
    """
    As of a service that refuses to start.
    """
    refuses = process("sh", "-c", "exit 3")
    refuses.start()

    assert 3 == refuses.wait_end(PATIENCE_S)
    assert not refuses.is_running


def test_a_process_that_goes_on_is_told_from_one_that_ended(process):
    """
    It is left as it is.
    """
    goes_on = process("sleep", "3600")
    goes_on.start()

    with pytest.raises(HarnessError, match="one has not ended within 0.01 s"):
        goes_on.wait_end(0.01)
    assert goes_on.is_running


def test_nobody_waits_for_a_process_that_was_never_started(process):
    """
    It would be for ever.
    """
    with pytest.raises(HarnessError, match="never started"):
        process("true").wait_end()


def test_a_redis_that_was_killed_and_started_again_has_its_data(process, port, tmp_path):
    """
    It has the same command, and adds to the same log.
    """
    server = process(*redis_command(find_redis(), port, tmp_path))
    server.start()
    with redis.Redis(port=port, protocol=2) as client:
        eventually(lambda: answers(client))
        client.set("kept", "1")
        first, had = server.pid, server.log_size()
        server.kill()
        server.start()
        eventually(lambda: answers(client))

        assert b"1" == client.get("kept")
        assert (True, True) == (first != server.pid, server.log_size() > had)
