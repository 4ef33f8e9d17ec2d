"""`vitalrig record` against a real server and a real collector."""

import json

import pytest
from typer.testing import CliRunner

from services.collector import app as collector
from services.collector.settings import Settings as CollectorSettings
from services.physiology_server import app as server
from services.physiology_server.settings import Settings as ServerSettings
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.reports import camera_report
from tests.support.running import a_watchdog, load, running
from vitalrig.cli.app import app


@pytest.fixture
def sessions(tmp_path):
    return tmp_path / "sessions"


@pytest.fixture
def rig(redis_server, tmp_path, sessions):
    settings = load(ServerSettings, redis_server, port=0)
    physiology_server = server.build(settings, a_watchdog(tmp_path, "server"))
    recorder = collector.build(
        load(CollectorSettings, redis_server, sessions_folder=sessions),
        a_watchdog(tmp_path, "collector"),
    )
    with running(physiology_server), running(recorder), redis_server.client() as client:
        eventually(lambda: physiology_server.port and camera_report(client))
        yield physiology_server


def record(rig, sessions, *options):
    return CliRunner().invoke(
        app,
        [
            "record", f"--server=127.0.0.1:{rig.port}", f"--sessions-folder={sessions}",
            "--no-settle", *options,
        ],
    )  # fmt: skip


def test_a_recording_ends_with_its_files_finished(rig, sessions):
    """
    When the command returns, there is nothing left to wait for.
    """
    result = record(rig, sessions, "--seconds=2", "--session=first")
    names = sorted(path.name for path in sessions.glob("metrics_first*"))

    assert (0, True) == (
        result.exit_code,
        {
            "metrics_first.json",
            "metrics_first.jsonl",
            "metrics_first_manifest.json",
            "metrics_first_snapshot_temp.json",
        }
        <= set(names),
    ), result.output


def test_a_server_is_not_asked_through_a_proxy(rig, sessions, monkeypatch):
    """
    A company's machine has a proxy in its environment, and Docker gives one to every container.
    """
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    result = record(rig, sessions, "--seconds=1", "--session=direct")

    assert 0 == result.exit_code, result.output


def test_the_summary_says_what_the_data_are_made_of(rig, sessions):
    """
    A synthetic session is marked as such in its files.
    """
    record(rig, sessions, "--seconds=1", "--session=first")

    assert (
        "synthetic" == json.loads((sessions / "metrics_first.json").read_text())["meta"]["source"]
    )


def test_a_session_that_exists_is_not_touched(rig, sessions):
    """
    A name that is used twice by mistake costs a message, not a recording.
    """
    (sessions / "metrics_first.jsonl").write_text("")
    result = record(rig, sessions, "--seconds=1", "--session=first")

    assert (1, True) == (result.exit_code, "exists already" in result.output)


@pytest.mark.parametrize("name", ["../up", "a b"])
def test_a_name_that_is_no_file_name_is_refused(rig, sessions, name):
    """
    With what is allowed, so that the next try works.
    """
    result = record(rig, sessions, "--seconds=1", f"--session={name}")

    assert (1, True) == (result.exit_code, "letters" in result.output)


def test_a_source_that_ends_before_it_has_settled_is_not_waited_for(
    redis_server, tmp_path, sessions
):
    """
    The signals will never come.
    """
    scenario = tmp_path / "short.yml"
    scenario.write_text("name: short\nduration_s: 2\ntimeline: []\n")
    settings = load(ServerSettings, redis_server, port=0, scenario=scenario)
    sessions.mkdir()
    with running(service := server.build(settings, a_watchdog(tmp_path, "server"))):
        eventually(lambda: service.port)
        result = CliRunner().invoke(
            app,
            ["record", f"--server=127.0.0.1:{service.port}", f"--sessions-folder={sessions}"],
        )

    assert (1, True) == (result.exit_code, "source has ended" in result.output), result.output


def test_without_a_server_the_message_says_what_to_do(sessions):
    """
    Not a traceback.
    """
    sessions.mkdir()
    result = CliRunner().invoke(
        app, ["record", f"--server=127.0.0.1:{free_port()}", f"--sessions-folder={sessions}"]
    )

    assert (1, True) == (result.exit_code, "make up" in result.output)
