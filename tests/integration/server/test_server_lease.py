"""The lease: one server at a time publishes with a prefix."""

import json
import threading

import pytest

from tests.support.eventually import eventually
from tests.support.server_process import entries, once, runs_in
from vitalrig import redis_keys
from vitalrig.lease_owner import LeaseOwner

LEASE = redis_keys.lease("physiology")
ELSEWHERE = json.dumps(
    {"run": "theirs", "host": "ward-2", "pid": 4711, "since_us": 1, "pids_of": "elsewhere"}
)


def owner(client):
    """The run that has the lease."""
    found = client.get(LEASE)
    return LeaseOwner.parse(found).run if found else ""


def test_a_second_server_does_not_start_and_names_the_first(start, client):
    """
    Exit status 3; the first one goes on alone.
    """
    first = start().ready()
    run = first.run_id()
    eventually(lambda: owner(client) == run)
    second = start(spool_folder=None)
    status = second.ended()
    told = all(word in second.log_text() for word in (run, str(first.pid), "physiology"))
    had = len(entries(client))
    eventually(lambda: len(entries(client)) > had)

    assert (3, True, [run]) == (status, told, list(runs_in(client)))


@pytest.mark.parametrize("spool", [True, False], ids=["spool", "no spool"])
def test_after_a_kill_the_next_server_starts_at_once(start, client, spool):
    """
    The lease of a process that is known to be dead is not waited for.
    """
    keys_given = {} if spool else {"spool_folder": None}
    first = start(**keys_given).ready()
    eventually(lambda: owner(client) == first.run_id())
    first.kill()
    client.persist(LEASE)  # so that waiting would not help
    second = start(**keys_given).ready()

    assert second.run_id() == eventually(lambda: owner(client))


def test_a_killed_container_is_followed_at_once_by_its_spool(start, client):
    """
    In a container process numbers say nothing; who has the folder has no predecessor alive.
    """
    first = start().ready()
    eventually(lambda: owner(client) == first.run_id())
    first.kill()
    lease = json.loads(client.get(LEASE)) | {"pids_of": "elsewhere", "host": "4f1c2ab"}
    client.set(LEASE, json.dumps(lease))
    second = start().ready()

    assert second.run_id() == owner(client)


def test_a_server_elsewhere_that_died_is_outlasted(start, client):
    """
    Its lease ends, and the next server begins.
    """
    client.set(LEASE, ELSEWHERE, px=3_600_000)
    server = start()
    eventually(lambda: "waiting for the lease" in server.log_text())
    client.pexpire(LEASE, 1_000)
    server.ready()

    assert server.run_id() == owner(client)


def test_a_server_elsewhere_that_lives_is_recognised_by_its_renewals(start, client):
    """
    Long before its lease would end.
    """
    client.set(LEASE, ELSEWHERE, px=3_600_000)
    stop = threading.Event()

    def renew():
        while not stop.wait(0.5):
            client.pexpire(LEASE, 3_600_000)

    renewing = threading.Thread(target=renew)
    renewing.start()
    server = start()
    status = server.ended()
    stop.set()
    renewing.join()

    assert (3, True) == (status, "run theirs on host ward-2, process 4711" in server.log_text())


def test_a_stop_gives_the_lease_up(start, client):
    """
    A restart waits for nothing.
    """
    server = start().ready()
    eventually(lambda: owner(client))
    server.stop()

    assert None is client.get(LEASE)


def test_a_lease_that_was_lost_and_is_free_is_taken_again(start, client):
    """
    As after a FLUSHALL.
    """
    server = start().ready()
    eventually(lambda: owner(client))
    client.delete(LEASE)

    assert server.run_id() == eventually(lambda: owner(client))


def test_without_redis_a_server_starts_and_takes_the_lease_before_it_sends(
    start, redis_server, client
):
    """
    Nothing goes into a stream that is somebody else's, and nothing is lost: it waits on disk.
    """
    client.set(LEASE, ELSEWHERE)
    redis_server.stop()
    first = start().ready()
    run = first.run_id()
    eventually(lambda: first.status().envelopes > 30)
    redis_server.start()
    status = first.ended()
    sent_meanwhile = len(entries(client))
    client.delete(LEASE)
    second = start().ready().run_id()
    eventually(lambda: second in runs_in(client))
    seqs = once(runs_in(client)[run])

    assert (3, True, 0, list(range(1, len(seqs) + 1)), True) == (
        status,
        "ward-2" in first.log_text(),
        sent_meanwhile,
        seqs,
        len(seqs) > 30,
    )


def test_a_server_that_starts_without_redis_follows_one_that_was_killed(
    start, redis_server, client
):
    """
    The dead one's lease, which Redis still has when it is back, does not stop it.
    """
    first = start().ready()
    eventually(lambda: owner(client) == first.run_id())
    redis_server.stop()
    first.kill()
    second = start().ready()
    run = second.run_id()
    eventually(lambda: second.status().envelopes > 10)
    redis_server.start()
    eventually(lambda: run in runs_in(client) or not second.is_running)

    assert (None, run) == (second.exit_status, owner(client))


def test_a_server_that_was_paused_does_not_write_into_the_stream_of_its_successor(start, client):
    """
    It finds the lease taken, says so and ends, before it sends anything.
    """
    first = start().ready()
    eventually(lambda: owner(client) == first.run_id())
    run = first.run_id()
    first.freeze()
    eventually(lambda: not client.exists(LEASE))
    second = start(spool_folder=None).ready()
    eventually(lambda: second.run_id() in runs_in(client))
    had = runs_in(client)[run]
    first.thaw()
    status = first.ended()

    assert (3, True, had) == (status, second.run_id() in first.log_text(), runs_in(client)[run])
