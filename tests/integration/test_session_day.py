"""A long session, all the way: recorded, verified, exported to every format and plotted."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

from benchmarks.session_day import BATCH, FORMATS, recorder
from benchmarks.support.feed import envelopes

ROOT = Path(__file__).parents[2]


def test_a_session_goes_all_the_way_from_envelopes_to_a_plot(tmp_path):
    """
    Nothing is lost between the steps; `--hours 8` does the same with a day's work.
    """
    command = [
        sys.executable, ROOT / "benchmarks" / "session_day.py",
        "--json", "--hours=0.05", f"--folder={tmp_path}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    figures = json.loads(done.stdout)

    assert (figures["fed_envelopes"], figures["samples"]) == (
        figures["verified_envelopes"],
        figures["verified_samples"],
    )
    assert figures["fed_envelopes"] == figures["envelopes"] > 6_000
    assert {f"day.{kind}" for kind in (*FORMATS, "png")} == {
        path.name for path in tmp_path.iterdir() if path.name.startswith("day.")
    }


def memory_of_a_recording(folder: Path, minutes: float) -> int:
    """The most bytes that recording has in use, beyond what it begins with."""
    made = [envelope for _, envelope in envelopes(minutes * 60)]
    collector = recorder(folder)
    tracemalloc.start()
    try:
        for at in range(0, len(made), BATCH):
            collector.process_envelopes(made[at : at + BATCH])
        collector.stop()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_length_of_a_session(tmp_path):
    """
    What was recorded is on the disk; only the newest samples are in memory.

    A session of eight minutes that kept its samples would need three times as much as one of one.
    """
    short, long = (memory_of_a_recording(tmp_path / str(each), each) for each in (1, 8))

    assert long < 1.8 * short
