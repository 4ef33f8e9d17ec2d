"""docs/recipes.md: every program on the page is run as it stands."""

import json
import math
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.eventually import eventually
from tests.support.publishing import Publishing
from tests.support.sessions import GOLDEN

PAGE = (Path(__file__).parents[2] / "docs" / "recipes.md").read_text()
SECTIONS = {
    section.partition("\n")[0]: section for section in re.split(r"^## ", PAGE, flags=re.MULTILINE)
}
PROGRAMS = {
    title: re.findall(r"^```(python|sh)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    for title, section in SECTIONS.items()
}
RECORD = "Record until Ctrl-C"
WATCH = "Look at a recording while it goes on"
COMMANDS = "The same at the command line"
OFFLINE = {
    "Save a configuration and load it again": "",
    "A summary in pandas": "pulse_per_minute",
    "A summary in NumPy": "150 samples at 30.00 Hz",
    "A session of any length": "recording started first",
    "Verify and export a session from Python": "first intact and complete",
}


def program(title):
    ((_, text),) = PROGRAMS[title]
    return text


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


class Running:
    """A program of the page, in a folder, with its port of Redis replaced."""

    def __init__(self, title, folder, server):
        text = program(title)
        assert "redis_port=6379" in text
        self._process = subprocess.Popen(
            [sys.executable, "-c", text.replace("redis_port=6379", f"redis_port={server.port}")],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with server.client() as client:
            eventually(lambda: client.pubsub_numsub("physiology:edge_metrics")[0][1])

    def line(self):
        return self._process.stdout.readline()

    def end(self):
        """Press Ctrl-C; gives the exit status and what was printed."""
        self._process.send_signal(signal.SIGINT)
        said, complaints = self._process.communicate(timeout=20)
        return self._process.returncode, said, complaints


def test_every_program_on_the_page_is_run():
    """
    A new recipe needs a test here.
    """
    with_programs = {title for title, programs in PROGRAMS.items() if programs}

    assert {RECORD, WATCH, COMMANDS, *OFFLINE} == with_programs


def test_recording_leaves_the_documented_files(redis_server, tmp_path):
    """
    With what was published, byte for byte.
    """
    running = Running(RECORD, tmp_path, redis_server)
    with redis_server.client() as client:
        publishing = Publishing(client)
        publishing.start("first")
        publishing.edge(40)
        publishing.stop()
    eventually((tmp_path / "metrics_summary_first.json").exists)
    status, _, complaints = running.end()

    assert (0, "", publishing.published) == (
        status, complaints, (tmp_path / "metrics_first.jsonl").read_bytes().splitlines(),
    )  # fmt: skip


def test_a_recording_is_seen_while_it_goes_on(redis_server, tmp_path):
    """
    The numbers are those published so far.
    """
    running = Running(WATCH, tmp_path, redis_server)
    with redis_server.client() as client:
        publishing = Publishing(client)
        publishing.start("first")
        publishing.edge(40)
    eventually(lambda: "40 samples in 1 series" in running.line())
    status, _, complaints = running.end()

    assert (0, "") == (status, complaints)


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
        [sys.executable, "-c", program("A summary in NumPy")],
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
    subprocess.run([sys.executable, "-c", program("A summary in pandas")], cwd=folder, check=True)
    table = pd.read_csv(folder / "everything.csv", index_col=0)

    assert (20, 1040) == (table.shape[1], int(table.count().sum()))


def test_every_command_on_the_page_works(folder):
    """
    In the order in which they stand there.
    """
    programs = Path(sys.executable).parent
    ended = subprocess.run(
        ["sh", "-e", "-c", program(COMMANDS)],
        cwd=folder,
        env={**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"},
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
