"""Counting session files."""

import subprocess
import sys

import pytest

from services.exporter.session_file_counts import SessionFileCounts, count
from smartspectra.ipc.storage.session_paths import SessionPaths
from tests.support.unprivileged import for_whom_permissions_count


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("metrics_first.jsonl", "jsonl"),
        ("metrics_first.json", "summary"),
        ("metrics_first_snapshot_temp.json", "snapshot"),
        ("metrics_first_manifest.json", "manifest"),
        ("metrics_first.jsonl.torn", "torn"),
        (".collector.json", ""),
        (".metrics_first.json.part", ""),
        ("notes.txt", ""),
    ],
)
def test_a_file_is_what_its_name_says(name, kind):
    """
    The collector's own small files are not sessions.
    """
    assert kind == SessionPaths.kind_of(name)


def test_files_of_all_cameras_are_counted(tmp_path):
    """
    The default camera's are in the folder itself, others' in folders of their own.
    """
    for folder in (tmp_path, tmp_path / "ward-2", tmp_path / "ward-2" / "deep", tmp_path / ".x"):
        folder.mkdir(exist_ok=True)
        (folder / "metrics_first.jsonl").write_bytes(b"x" * 10)
    (tmp_path / "metrics_first.json").write_bytes(b"x" * 7)

    tally = count(tmp_path).kinds

    assert ((2, 20), (1, 7), (0, 0)) == (tally["envelopes"], tally["summary"], tally["torn"])


def test_a_cameras_folder_that_cannot_be_listed_costs_only_itself(tmp_path):
    """
    The others are counted, and it is named.
    """
    (tmp_path / "metrics_first.jsonl").write_bytes(b"x" * 10)
    (tmp_path / "closed").mkdir(mode=0)
    code = (
        "import sys; from pathlib import Path; "
        "from services.exporter.session_file_counts import count; "
        "tally = count(Path(sys.argv[1])); print(tally.kinds['envelopes'], *tally.unreadable)"
    )
    command = for_whom_permissions_count(sys.executable, "-c", code, str(tmp_path))
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert printed.startswith("(1, 10) ")
    assert f"Permission denied: '{tmp_path / 'closed'}'" in printed


def test_a_folder_that_cannot_be_listed_has_no_count(tmp_path):
    """
    Nothing is not the same as not known.
    """
    files = SessionFileCounts(tmp_path)
    files.look()
    known = files.latest()
    tmp_path.rmdir()
    files.look()

    assert (True, None) == (known is not None, files.latest())
