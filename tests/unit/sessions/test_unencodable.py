"""Names that Python can read and not write: replaced where they are shown or exported."""

import os
import subprocess
import sys

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from tests.support.sessions import START_US, an_envelope
from vitalrig.sessions.reading.open import open_session

NAME = "pul\ud800se"


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


def vitalrig(*arguments, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-m", "vitalrig.cli", "sessions", *arguments, "--sessions-folder", "."],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize("what", ["summary", "lines"])
def test_a_session_opened_for_reading_has_names_that_can_be_written(folder, what):
    """
    From its summary as from its JSONL, and its events too.
    """
    if what == "lines":
        (folder / "metrics_odd.json").unlink()
        (folder / "metrics_odd_manifest.json").unlink()
    session = open_session("odd", folder)

    assert ["pul\\ud800se.trace", "eda.trace"] == [each.name for each in session.series]
    assert ["status O\\ud800K"] == [each.text for each in session.events()]


@pytest.mark.parametrize("form", ["csv", "parquet", "edf", "xdf"])
def test_it_is_exported(folder, form):
    """
    One name costs no export.
    """
    done = vitalrig("export", "odd", "--format", form, cwd=folder)

    assert (0, True) == (done.returncode, (folder / f"metrics_odd.{form}").exists()), done.stderr


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_it_is_shown_in_any_encoding(folder, encoding):
    """
    Also beside a file whose name is not of the file system's encoding.
    """
    (folder / os.fsdecode(b"metrics_\xff.jsonl")).write_bytes(b"")
    for command in (("show", "odd"), ("list",), ("verify",)):
        done = vitalrig(*command, cwd=folder, PYTHONIOENCODING=encoding)

        assert (False, True) == (b"Traceback" in done.stderr, b"odd" in done.stdout), done.stderr
