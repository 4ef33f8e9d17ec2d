"""
docs/guides/recipes.md: the programs that need no server are run as they stand.

Those of the vendor's guide are in tests/integration/test_guide_programs.py.
"""

import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.eventually import eventually
from tests.support.interruptible import popen
from tests.support.patience import PATIENCE_S
from tests.support.publishing import Publishing
from tests.support.recipes import PAGE, PROGRAMS, program
from tests.support.sessions import GOLDEN

GUIDE = {"Basic usage", "Real-time snapshots", "With pandas", "With NumPy"}
PASSWORD = "With a password"
ONE_CALL = "Without a loop of your own"
COMMANDS = "The same at the command line"
SAYINGS = "What the commands say"
SPECTRUM = "A breathing rate from its trace"
TABLE = "All series side by side"
OFFLINE = {
    "Save a configuration and load it again": "",
    TABLE: "1040 samples in 20 series",
    SPECTRUM: "150 samples at 30.00 Hz",
    "A session of any length": "recording started first",
    "Verify and export a session from Python": "first intact and complete",
}
WITH_VITALRIG = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
}


@pytest.fixture
def folder(tmp_path):
    """A working folder with a session called first in data/sessions."""
    sessions = tmp_path / "data" / "sessions"
    sessions.mkdir(parents=True)
    collector = MetricsCollector(
        MetricsCollectorConfig(
            output_jsonl_path=sessions / "metrics.jsonl",
            output_json_path=sessions / "metrics.json",
        )
    )
    collector.start()
    for line in (GOLDEN / "metrics_golden.jsonl").read_bytes().splitlines():
        collector.process_envelope(line.replace(b'"golden"', b'"first"'))
    collector.stop()
    return tmp_path


def test_every_program_on_the_page_is_run():
    """
    A new recipe needs a test, here or beside the guide's programs.
    """
    with_programs = {title for title, programs in PROGRAMS.items() if programs}

    assert GUIDE | {PASSWORD, ONE_CALL, COMMANDS, SAYINGS, *OFFLINE} == with_programs


def test_basic_usage_with_the_lines_for_a_password_records_from_a_closed_redis(
    redis_server, tmp_path
):
    """
    They stand where the page says, before the PING.
    """
    ping = 'sock.sendall(encode_command("PING"))\n'
    before, after = program("Basic usage").split(ping)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "redis_password").write_text("secret\n")
    with redis_server.client() as client:
        client.execute_command("ACL", "SETUSER", "client", "on", ">secret", "+@all", "&*")
        client.config_set("requirepass", "another")
        check_that_it_records(
            before + program(PASSWORD) + ping + after, client, redis_server.port, tmp_path
        )


def test_one_call_records_what_the_server_publishes(redis_server, tmp_path):
    """
    The shortest program that records.
    """
    with redis_server.client() as client:
        check_that_it_records(program(ONE_CALL), client, redis_server.port, tmp_path)


def check_that_it_records(text, client, port, folder):
    recording = popen(
        [sys.executable, "-c", text, str(port)], cwd=folder, stderr=subprocess.PIPE, text=True
    )
    eventually(lambda: client.pubsub_numsub("physiology:edge_metrics")[0][1])
    publishing = Publishing(client, stream=False)
    publishing.start("first")
    publishing.edge(40)
    publishing.stop()
    eventually((folder / "metrics_first.json").exists)
    recording.send_signal(signal.SIGINT)
    _, complaints = recording.communicate(timeout=PATIENCE_S)

    assert (0, "", publishing.published) == (
        recording.returncode,
        complaints,
        (folder / "metrics_first.jsonl").read_bytes().splitlines(),
    )


@pytest.mark.parametrize("title", OFFLINE)
def test_a_program_on_a_recorded_session_runs(folder, title):
    """
    Without a warning, and with what it promises.
    """
    ended = subprocess.run(
        [sys.executable, "-c", program(title)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (0, "", True) == (ended.returncode, ended.stderr, OFFLINE[title] in ended.stdout)


def test_the_breathing_rate_of_the_recipe_is_right(folder):
    """
    A minute of someone who breathes 14.5 times.
    """
    times_us = [1_760_000_000_000_000.0 + number * 33_333 for number in range(1800)]
    values = [math.sin(2 * math.pi * 14.5 / 60e6 * (time_us - times_us[0])) for time_us in times_us]
    trace = {"breathing.upper_trace": {"timestamps": times_us, "values": values}}
    (folder / "data" / "sessions" / "metrics_first.json").write_text(
        json.dumps({"meta": {}, "series": {"physiology:edge_metrics": trace}})
    )
    said = subprocess.run(
        [sys.executable, "-c", program(SPECTRUM)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert "14.5 breaths per minute" in said


def test_the_table_of_all_series_has_all_samples(folder):
    """
    Nothing is lost where two series share a time.
    """
    subprocess.run(
        [sys.executable, "-c", program(TABLE)], cwd=folder, stdout=subprocess.DEVNULL, check=True
    )
    table = pd.read_csv(folder / "everything.csv", index_col=0)

    assert (20, 1040) == (table.shape[1], int(table.count().sum()))


def test_every_command_on_the_page_works(folder):
    """
    In the order in which they stand there.
    """
    ended = subprocess.run(
        ["sh", "-e", "-c", program(COMMANDS)],
        cwd=folder,
        env=WITH_VITALRIG,
        capture_output=True,
        text=True,
        check=False,
    )
    made = {
        path.name for path in folder.rglob("metrics_*") if path.suffix not in {".json", ".jsonl"}
    }

    assert (0, "") == (ended.returncode, ended.stderr)
    assert {
        "metrics_first.csv",
        "metrics_first.parquet",
        "metrics_first.edf",
        "metrics_first.xdf",
        "metrics_plot.png",
    } == made


def test_the_commands_say_what_the_page_shows(tmp_path, request):
    """
    After a change that is meant: pytest --update-golden, and read the diff.
    """
    (tmp_path / "tests").symlink_to(GOLDEN.parents[1])
    shown = program(SAYINGS)
    commands = [line[2:] for line in shown.splitlines() if line.startswith("$ ")]
    said = "".join(f"$ {command}\n{_output(command, tmp_path)}" for command in commands)
    if request.config.getoption("--update-golden"):
        PAGE.write_text(PAGE.read_text(encoding="utf-8").replace(shown, said), encoding="utf-8")

    assert said == shown


def _output(command, folder):
    text = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=WITH_VITALRIG,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout
    # Tables are filled up with blanks, which an editor would take from the page.
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())
