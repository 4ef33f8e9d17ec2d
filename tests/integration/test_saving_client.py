"""samples/redis_ipc_metrics_saving_client.py as a program, against a real server and Redis."""

import json
import re
import signal

import pytest

from services.physiology_server import app as server
from services.physiology_server.settings import Settings as ServerSettings
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.running import a_watchdog, load, running
from tests.support.screen import Program
from vitalrig.sessions.store.catalogue import find, resolve
from vitalrig.sessions.verification.verify import verify

SAMPLE = "redis_ipc_metrics_saving_client.py"
FILES = ("--combined_metrics_file=metrics.jsonl", "--summary_file=metrics_summary.json")


def saver(folder, redis_port, grpc_port, *arguments):
    ports = (f"--port={grpc_port}", f"--redis_port={redis_port}")
    return Program(folder, SAMPLE, *ports, *FILES, *arguments)


@pytest.fixture
def rig(redis_server, tmp_path):
    settings = load(ServerSettings, redis_server, port=0)
    physiology_server = server.build(settings, a_watchdog(tmp_path, "server"))
    with running(physiology_server):
        eventually(lambda: physiology_server.port)
        yield physiology_server


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "here"
    path.mkdir()
    return path


@pytest.fixture
def client(rig, redis_server, folder):
    clients = []

    def start(*arguments):
        clients.append(saver(folder, redis_server.port, rig.port, *arguments))
        clients[-1].says("q quit")
        return clients[-1]

    yield start
    for each in clients:
        each.close()


def lines_of(folder, name):
    path = folder / f"metrics_{name}.jsonl"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(("start", "stop", "end"), [("s", "t", "q"), ("start", "stop", "quit")])
def test_keys_and_words_record_a_session(client, folder, start, stop, end):
    """
    The files have the documented names, and hold what the server published.
    """
    program = client("--session_id=first")
    program.type(f"{start}\n")
    eventually(lambda: len(lines_of(folder, "first")) > 30)
    program.type(f"{stop}\n")
    program.says("session first is finished")
    program.type(f"{end}\n")
    status = program.ends()
    names = {path.name for path in folder.glob("metrics*_first*")}

    assert (0, "intact and complete") == (status, verify(resolve("first", folder)).verdict)
    assert {
        "metrics_first.jsonl",
        "metrics_first.json",
        "metrics_first_snapshot_temp.json",
        "metrics_first_manifest.json",
    } == names


def test_without_a_session_id_one_is_made(client, folder):
    """
    From date and time.
    """
    program = client()
    program.type("s\n")
    program.says(r"session \d{8}_\d{6} begins")
    program.type("t\n")
    program.says(r"session \d{8}_\d{6} is finished")
    program.type("q\n")
    program.ends()

    assert any(re.fullmatch(r"\d{8}_\d{6}", session.name) for session in find(folder))


def test_quitting_ends_the_recording_that_was_started_here(client, rig, folder):
    """
    Its files are finished, with the stop in them.
    """
    program = client("--session_id=first")
    program.type("s\n")
    program.says("session first begins")
    program.type("q\n")
    program.ends()
    last = json.loads(lines_of(folder, "first")[-1])

    assert ("recording_state", False) == (last["type"], last["payload"]["recording"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_quits_as_a_key_does(client, folder, number):
    """
    Nothing is left open.
    """
    program = client("--session_id=first")
    program.type("s\n")
    program.says("session first begins")
    program.signal(number)
    status = program.ends()

    assert (0, True) == (status, verify(resolve("first", folder)).complete)


def test_reset_and_unknown_words_are_answered(client):
    """
    The person at the keyboard is never left wondering.
    """
    program = client()
    program.type("r\nx\n\n")
    program.says("reset: done")
    program.says("x: unknown")
    program.type("q\n")

    assert 0 == program.ends()


def test_whitespace_writes_readable_json(client, folder):
    """
    As documented.
    """
    program = client("--session_id=first", "--whitespace")
    program.type("s\n")
    program.says("session first begins")
    program.type("q\n")
    program.ends()

    assert '\n    "session_id": "first"' in (folder / "metrics_first.json").read_text()


def test_append_goes_on_in_the_files_of_an_earlier_run(client, folder):
    """
    Nothing of it is lost or set aside.
    """
    for _ in range(2):
        program = client("--session_id=first", "--append")
        program.type("s\n")
        program.says("session first begins")
        program.type("q\n")
        program.ends()
    states = [
        json.loads(line)["payload"]["recording"]
        for line in lines_of(folder, "first")
        if "recording_state" in line
    ]

    assert [True, False, True, False] == states


def test_a_redis_that_was_away_is_named_in_the_manifest(client, redis_server, folder):
    """
    What was published meanwhile nobody heard; the session says so.
    """
    program = client("--session_id=first")
    program.type("s\n")
    program.says("session first begins")
    redis_server.stop()
    program.says("trying again")
    redis_server.start()
    program.says("listening to", times=2)
    program.type("q\n")
    program.ends()
    report = verify(resolve("first", folder))

    assert (True, False, True) == (
        report.is_intact, report.complete, "connection to Redis was lost" in report.verdict,
    )  # fmt: skip


def test_without_a_server_it_still_listens(redis_server, folder):
    """
    A server that is controlled in another way can be recorded all the same.
    """
    program = saver(folder, redis_server.port, free_port())
    program.says("no server answers")
    program.type("q\n")
    status = program.ends()
    program.close()

    assert 0 == status


@pytest.mark.parametrize(
    ("argument", "why"),
    [("--session_id=a b", "session id"), ("--summary_file=metrics.jsonl", "both")],
    ids=["session id", "same path"],
)
def test_arguments_that_cannot_work_are_said_in_one_line(folder, argument, why):
    """
    Before anything is started.
    """
    program = saver(folder, free_port(), free_port(), argument)
    status = program.ends()
    program.close()

    assert (1, 1, True) == (status, len(program.said), why in program.said[0])


def test_a_password_is_read_from_a_file(redis_server, rig, folder):
    """
    And without it, the message says where it belongs.
    """
    (folder / "password").write_text("secret\n")
    with redis_server.client() as client:
        client.config_set("requirepass", "secret")
        with_it = saver(folder, redis_server.port, rig.port, "--redis_password_file=password")
        with_it.says("listening to")
        with_it.type("q\n")
        good = with_it.ends()
        without = saver(folder, redis_server.port, rig.port)
        bad = without.ends()
        without.says("--redis_password_file")
        client.config_set("requirepass", "")
    for each in (with_it, without):
        each.close()

    assert (0, 1) == (good, bad)
