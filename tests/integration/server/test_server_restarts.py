"""The server killed and stopped, with and without Redis: what it made is in the stream."""

import json
import os
import random

import pytest

from tests.support.eventually import eventually
from tests.support.server_process import (
    ServerProcess,
    Witness,
    entries,
    once,
    runs_in,
)

KILLS = int(os.environ.get("VITALRIG_SERVER_KILLS", "6"))


def more_than(witness, run, count):
    had = len(witness.made[run])
    eventually(lambda: len(witness.made[run]) >= had + count)


def in_the_stream(client, run, count=1):
    eventually(lambda: len(runs_in(client).get(run, [])) >= count)


def whole(client, witness):
    """Whether each run is in the stream from 1 on without a hole, with all that was heard of it."""
    runs = runs_in(client)
    return {
        run: once(runs.get(run, [])) == list(range(1, max(runs.get(run, [0])) + 1))
        and made <= set(runs.get(run, []))
        for run, made in witness.made.items()
    }


def end_without_redis(start, redis_server, witness, end):
    """Let a server make something while Redis is away, then end it; gives its run."""
    server = start().ready()
    run = server.run_id()
    with witness.listening(server):
        redis_server.stop()
        more_than(witness, run, 40)
        end(server)
    redis_server.start()
    return run


@pytest.mark.parametrize("end", [ServerProcess.kill, ServerProcess.stop], ids=["kill", "stop"])
def test_a_server_that_ends_while_redis_is_away_loses_nothing(start, redis_server, client, end):
    """
    All that was heard of it over gRPC is in the stream after the next start.

    And the next run says that nothing is missing between the two.
    """
    witness = Witness()
    first = end_without_redis(start, redis_server, witness, end)
    second = start().ready().run_id()
    in_the_stream(client, second)
    follows = {run: after for run, seq, after, *_ in entries(client) if seq == 1}

    assert ({first: True}, f"{first}:{max(runs_in(client)[first])}") == (
        whole(client, witness),
        follows[second],
    )


@pytest.mark.timeout(120 + 30 * KILLS)
def test_killed_at_any_moment_what_a_server_made_is_in_the_stream(start, redis_server, client):
    """
    Also while Redis is away: each run's numbers without a hole, and each run follows another.

    VITALRIG_SERVER_KILLS sets the number of rounds.
    """
    seed = random.randrange(1_000_000)
    dice, witness, last = random.Random(seed), Witness(), ""
    for _ in range(KILLS):
        server = start().ready()
        last = server.run_id()
        with witness.listening(server):
            if away := dice.random() < 0.5:
                redis_server.stop()
            more_than(witness, last, dice.choice((1, 5, 40)))
            server.kill()
        if away:
            redis_server.start()
    last = start().ready().run_id()
    in_the_stream(client, last)
    runs = runs_in(client)
    follows = {run: after for run, seq, after, *_ in entries(client) if seq == 1}
    before = dict(zip(list(runs)[1:], list(runs), strict=False))

    assert (
        dict.fromkeys(witness.made, True),
        [*witness.made, last],
        {run: f"{earlier}:{max(runs[earlier])}" for run, earlier in before.items()},
    ) == (
        whole(client, witness),
        list(runs),
        {run: follows[run] for run in before},
    ), f"seed {seed}"


def states(client):
    """The recording states in the stream: run, on or off, session."""
    return [
        (run, payload["recording"], payload.get("session_id", ""))
        for run, _, _, channel, envelope in entries(client)
        if channel == "recording_state"
        for payload in [json.loads(envelope)["payload"]]
    ]


@pytest.mark.parametrize("session", ["night", ""], ids=["named", "unnamed"])
def test_a_recording_that_a_crash_cut_off_is_taken_up_again(start, client, session):
    """
    The first recording state of the new run says that the same session is recorded.
    """
    first = start(autostart=None).ready()
    run = first.run_id()
    first.start_graph()
    first.record(session)
    eventually(lambda: (run, True, session) in states(client))
    first.kill()
    second = start(autostart=None).ready()
    in_the_stream(client, second.run_id(), 20)
    now = second.status()

    assert ([(second.run_id(), True, session)], True, session, True) == (
        [state for state in states(client) if state[0] == second.run_id()],
        now.recording,
        now.session_id,
        now.edge_running,
    )


@pytest.mark.parametrize(
    ("end", "keys"),
    [(ServerProcess.stop, {}), (ServerProcess.kill, {"resume_recording": False})],
    ids=["after a stop", "not wanted"],
)
def test_otherwise_a_server_begins_without_a_recording(start, client, end, keys):
    """
    A stop ended the recording; and a vendor's server goes on with none.
    """
    first = start(**keys).ready()
    first.record("night")
    eventually(lambda: (first.run_id(), True, "night") in states(client))
    end(first)
    second = start(**keys).ready()
    in_the_stream(client, second.run_id(), 5)

    assert [(second.run_id(), False, "")] == [
        state for state in states(client) if state[0] == second.run_id()
    ]


def test_a_stop_without_a_spool_says_how_many_envelopes_it_discards(start, redis_server):
    """
    In the log, since Redis, where it is counted too, is away.
    """
    witness = Witness()
    server = start(spool_folder=None).ready()
    with witness.listening(server):
        redis_server.stop()
        more_than(witness, server.run_id(), 20)
        server.stop()
    said = [json.loads(line) for line in server.log_lines() if '"envelopes lost"' in line]

    assert [True] == [line["in_all"] >= 20 for line in said[-1:]]
