"""`vitalrig telemetry`, as people call it, with real servers."""

import json
import sys
from contextlib import ExitStack
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.telemetry_http import a_telemetry_server
from tests.support.telemetry_log import DAY_FILE, Now, a_service, an_event
from vitalrig.cli.app import app
from vitalrig.telemetry import TelemetryClient
from vitalrig.web.tokens import TokenFile

PROGRAM = (sys.executable, "-m", "vitalrig.cli", "telemetry")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with a_telemetry_server(tmp_path_factory.mktemp("site")) as server:
        client = TelemetryClient("127.0.0.1", server.port)
        for each in range(3):
            client.post_event(f"type{each}", each, meta={"camera": "left"} if each else None)
        yield server


def telemetry(*arguments):
    return CliRunner().invoke(app, ["telemetry", *map(str, arguments)])


def of(server):
    return "--host", "127.0.0.1", "--port", server.port


def test_current_shows_the_newest_of_each_type(server):
    """
    As a table, or as lines for programs.
    """
    table = telemetry("current", *of(server))
    lines = telemetry("current", "--json", *of(server))

    assert (0, True) == (table.exit_code, "type2" in table.stdout)
    assert [0, 1, 2] == [json.loads(line)["data"] for line in lines.stdout.splitlines()]


def test_current_of_a_type_that_is_not_there_fails_in_one_line(server):
    """
    With what the server says.
    """
    result = telemetry("current", "nothing", *of(server))

    assert (1, 1) == (result.exit_code, len(result.stderr.splitlines()))
    assert "No current event for type 'nothing'" in result.stderr


def test_a_server_that_is_away_is_told_in_words():
    """
    With the command that starts one, and without a traceback.
    """
    result = telemetry("stop", "--host", "127.0.0.1", "--port", free_port())

    assert 1 == result.exit_code
    assert "vitalrig telemetry run" in result.stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ((), [0, 1, 2]),
        (("-n", 2), [1, 2]),
        (("-n", 0), []),
        (("--since", 1), [1, 2]),
        (("--type", "type*", "--camera", "left"), [1, 2]),
    ],
)
def test_tail_shows_the_last_events(server, more, expected):
    """
    Those that are asked for, the oldest first.
    """
    result = telemetry("tail", "--no-follow", "--json", *more, *of(server))

    assert (0, expected) == (
        result.exit_code,
        [json.loads(line)["data"] for line in result.stdout.splitlines()],
    )


def test_a_token_is_said_once_and_removed(tmp_path):
    """
    Its file is the server's.
    """
    where = "--site-dir", tmp_path
    made = telemetry("token", "ward", "--scope", "write", *where)
    tokens = TokenFile(tmp_path / ".tokens.json")

    assert "write" == tokens.find(made.stdout.strip()).scope
    assert "ward  write" == telemetry("token", *where).stdout.strip()
    assert 0 == telemetry("token", "ward", "--remove", *where).exit_code
    assert [] == tokens.tokens()
    assert 1 == telemetry("token", "ward", "--remove", *where).exit_code


def test_prune_tells_what_would_go_and_removes_it(tmp_path):
    """
    The dry run removes nothing.
    """
    now = Now()
    with a_service(tmp_path, now_provider=now) as service:
        service.append_event(an_event())
        now.now += timedelta(days=2)
        service.append_event(an_event())
    site = tmp_path / "site"
    where = "--max-mb", 0, "--site-dir", site

    would = telemetry("prune", "--dry-run", "--json", *where)
    assert [(1, 1)] == [(each["first"], each["last"]) for each in json.loads(would.stdout)][:1]
    assert (site / DAY_FILE).exists()

    assert 0 == telemetry("prune", *where).exit_code
    assert not (site / DAY_FILE).exists()


def a_process(folder, port, name="server"):
    arguments = ("run", "--host", "127.0.0.1", "--port", str(port), "--site-dir", folder / "site")
    return OwnProcess(name, [*PROGRAM, *map(str, arguments)], folder)


def is_there(client):
    try:
        return client.health()
    except OSError:
        return False


def test_followers_show_every_event_through_restarts(tmp_path):
    """
    Once each, also those that were posted before they were back.
    """
    port = free_port()
    client = TelemetryClient("127.0.0.1", port, timeout=PATIENCE_S)
    where = ("--json", "--host", "127.0.0.1", "--port", str(port))
    followers = [
        OwnProcess(command[0], [*PROGRAM, *command, *where], tmp_path)
        for command in (("tail", "-n", "0"), ("current", "--follow"))
    ]

    def all_show(words):
        return all(words in follower.log_text() for follower in followers)

    with ExitStack() as stack:
        with a_process(tmp_path, port).until(lambda: is_there(client)):
            for follower in followers:
                follower.start()
                stack.callback(follower.stop)
            eventually(lambda: client.post_event("probe", 0) and all_show("probe"))
            client.post_event("a", 1)
        with a_process(tmp_path, port, "second").until(lambda: is_there(client)):
            client.post_event("a", 2)
            eventually(lambda: all_show('"data":2'))

    for follower in followers:
        lines = [line for line in follower.log_text().splitlines() if '"type":"a"' in line]
        assert [1, 2] == [json.loads(line)["data"] for line in lines]


def test_a_second_server_of_a_folder_ends_with_status_3(tmp_path):
    """
    It says which process has it.
    """
    client = TelemetryClient("127.0.0.1", free_port(), timeout=PATIENCE_S)
    port = int(client.base_url.rpartition(":")[2])
    with a_process(tmp_path, port).until(lambda: is_there(client)):
        second = a_process(tmp_path, free_port(), "second")
        second.start()

        assert 3 == second.ended()
        assert "is written by process" in second.log_text()


def test_other_machines_need_tokens(tmp_path):
    """
    What to do is said.
    """
    result = telemetry("run", "--host", "0.0.0.0", "--port", free_port(), "--site-dir", tmp_path)

    assert 3 == result.exit_code
    assert "vitalrig telemetry token" in result.stderr
