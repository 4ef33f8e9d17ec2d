"""samples/plot_metrics.py as a program."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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


def summary(path, session_id, started_at_ms):
    meta = {"session_id": session_id, "started_at_ms": started_at_ms}
    path.write_text(json.dumps({"meta": meta, "series": {}}))


@pytest.mark.parametrize("begin", ["metrics_summary", "metrics"], ids=["stem rule", "examples"])
def test_the_path_that_sessions_were_named_after_means_the_newest_session(tmp_path, begin):
    """
    Not what came outside of recordings; whichever of the documented names the sessions have.
    """
    summary(tmp_path / "metrics_summary.json", None, 3_000)
    summary(tmp_path / f"{begin}_second.json", "second", 2_000)
    summary(tmp_path / f"{begin}_first.json", "first", 1_000)
    for name in ("third_snapshot_temp", "third_manifest", "first_old1"):
        summary(tmp_path / f"{begin}_{name}.json", "third", 4_000)
    (tmp_path / f"{begin}_damaged.json").write_text("{")
    result = plot(tmp_path, "metrics_summary.json")

    assert f"plotting {begin}_second.json, the newest session" == result.stdout.splitlines()[0]


def test_the_newest_session_is_found_without_a_file_of_the_base_path(tmp_path):
    """
    Which there is only if something came outside of recordings.
    """
    summary(tmp_path / "metrics_summary_first.json", "first", 1_000)
    result = plot(tmp_path, "metrics_summary.json")

    assert "plotting metrics_summary_first.json, the newest session" in result.stdout


def test_without_sessions_the_base_path_is_plotted_itself(tmp_path):
    """
    There is nothing else.
    """
    summary(tmp_path / "metrics_summary.json", None, 3_000)

    assert "newest" not in plot(tmp_path, "metrics_summary.json").stdout


def test_a_sessions_own_summary_is_plotted_without_a_word(tmp_path):
    """
    Also beside a newer one whose name is longer.
    """
    golden = GOLDEN / "metrics_golden.json"
    summary(tmp_path / "metrics_golden_2.json", "golden_2", 10**13)
    (tmp_path / "metrics_golden.json").write_bytes(golden.read_bytes())
    result = plot(tmp_path, "metrics_golden.json")

    assert ("", "saved metrics_plot.png") == (result.stderr, result.stdout.splitlines()[0])
