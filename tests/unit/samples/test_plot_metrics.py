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
