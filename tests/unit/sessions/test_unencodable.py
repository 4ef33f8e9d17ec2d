"""Names that Python can read and not write: replaced where they are shown or exported."""

import io
import os
import subprocess
import sys

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.sessions import START_US, an_envelope
from vitalrig.cli.app import app
from vitalrig.cli.terminal import never_fail_to_print
from vitalrig.sessions.reading.open import open_session

NAME = "pül\ud800se"


@pytest.fixture
def folder(tmp_path):
    """A session with half a surrogate pair in the name of a series and in a status."""
    made = MetricsCollector(
        MetricsCollectorConfig(
            output_jsonl_path=tmp_path / "metrics.jsonl", output_json_path=tmp_path / "metrics.json"
        )
    )
    made.start()
    made.set_session_id("odd")
    made.set_recording_state(True)
    for number in range(40):
        at_us = START_US + number * 33_333
        traces = {
            name: {"trace": [{"value": number / 7, "timestamp": str(at_us)}]}
            for name in (NAME, "eda")
        }
        made.process_envelope(an_envelope("edge_metrics", at_us, traces))
    made.process_envelope(an_envelope("status", START_US, {"value": "O\ud800K"}))
    made.stop()
    return tmp_path


@pytest.fixture
def printed(folder, monkeypatch):
    """The status of `vitalrig sessions`, and what it prints to a terminal of that encoding."""
    monkeypatch.chdir(folder)

    def run(encoding, *arguments):
        terminal = io.TextIOWrapper(io.BytesIO(), encoding)
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", terminal)
            never_fail_to_print()
            with pytest.raises(SystemExit) as ended:
                app(["sessions", *arguments, "--sessions-folder", "."])
        terminal.flush()
        return ended.value.code, terminal.buffer.getvalue()

    return run


@pytest.mark.parametrize("what", ["summary", "lines"])
def test_a_session_opened_for_reading_has_names_that_can_be_written(folder, what):
    """
    From its summary as from its JSONL, and its events too.
    """
    if what == "lines":
        (folder / "metrics_odd.json").unlink()
        (folder / "metrics_odd_manifest.json").unlink()
    session = open_session("odd", folder)

    assert ["pül\\ud800se.trace", "eda.trace"] == [each.name for each in session.series]
    assert ["status O\\ud800K"] == [each.text for each in session.events()]


@pytest.mark.parametrize("form", ["csv", "parquet", "edf", "xdf"])
def test_it_is_exported(folder, printed, form):
    """
    One name costs no export.
    """
    status, _ = printed("utf-8", "export", "odd", "--format", form)

    assert (0, True) == (status, (folder / f"metrics_odd.{form}").exists())


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
@pytest.mark.parametrize("command", [("show", "odd"), ("list",), ("verify",)], ids=" ".join)
def test_it_is_shown_in_any_encoding(folder, printed, encoding, command):
    """
    Also beside a file whose name is not of the file system's encoding.
    """
    (folder / os.fsdecode(b"metrics_\xff.jsonl")).write_bytes(b"")

    assert b"odd" in printed(encoding, *command)[1]


def test_the_program_shows_it_in_the_poorest_encoding(folder):
    """
    As a person starts it, where a terminal has nothing but ASCII.
    """
    done = subprocess.run(
        [sys.executable, "-m", "vitalrig.cli", "sessions", "show", "odd", "--sessions-folder", "."],
        cwd=folder, env=os.environ | {"PYTHONIOENCODING": "ascii"}, capture_output=True,
        check=False,
    )  # fmt: skip

    assert (0, b"") == (done.returncode, done.stderr)
    assert b"odd" in done.stdout
