"""samples/plot_metrics.py as a program."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.sessions import GOLDEN

SAMPLE = Path(__file__).parents[3] / "samples" / "plot_metrics.py"


def plot(folder, summary):
    return subprocess.run(
        [sys.executable, SAMPLE, "--summary_file", summary],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_picture_is_saved_under_its_documented_name(tmp_path):
    """
    In place of an earlier one, and also without a screen.
    """
    picture = tmp_path / "metrics_plot.png"
    picture.write_text("an earlier picture")
    result = plot(tmp_path, GOLDEN / "metrics_golden.json")

    assert (0, b"\x89PNG", "no screen") == (
        result.returncode,
        picture.read_bytes()[:4],
        "no screen" if "no screen" in result.stdout else result.stdout + result.stderr,
    )


def test_a_summary_that_is_not_there_is_said(tmp_path):
    """
    In one line, with an exit status that a script sees.
    """
    result = plot(tmp_path, tmp_path / "none.json")

    assert (1, 1) == (result.returncode, len(result.stderr.splitlines()))


def test_a_base_path_that_is_no_session_names_the_sessions(tmp_path):
    """
    What came outside of recordings is not taken for a session in silence.
    """
    for name in ("first", "second", "second_snapshot_temp", "second_manifest", "first_old1"):
        (tmp_path / f"metrics_summary_{name}.json").write_text("{}")
    (tmp_path / "metrics_summary.json").write_text('{"meta":{},"series":{}}')
    result = plot(tmp_path, "metrics_summary.json")

    assert (0, ["  metrics_summary_first.json", "  metrics_summary_second.json"]) == (
        result.returncode, result.stderr.splitlines()[1:],
    )  # fmt: skip


def test_a_summary_that_is_not_there_but_has_sessions_names_them(tmp_path):
    """
    So that the next command can be the right one.
    """
    (tmp_path / "metrics_summary_first.json").write_text("{}")
    result = plot(tmp_path, "metrics_summary.json")

    assert (1, "  metrics_summary_first.json") == (
        result.returncode, result.stderr.splitlines()[-1],
    )  # fmt: skip


def test_a_sessions_own_summary_is_plotted_without_a_word(tmp_path):
    """
    Also beside one whose name is longer.
    """
    summary = GOLDEN / "metrics_golden.json"
    (tmp_path / "metrics_golden_2.json").write_text("{}")
    (tmp_path / "metrics_golden.json").write_bytes(summary.read_bytes())

    assert "" == plot(tmp_path, "metrics_golden.json").stderr
