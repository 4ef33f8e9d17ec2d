"""Another system's calls: what POSIX alone has is not needed."""

import subprocess
import sys
import textwrap
from pathlib import Path

import smartspectra.ipc
from tests.unit.ipc.making import document, lines

LIBS = Path(smartspectra.ipc.__file__).parents[2]

AS_ON_WINDOWS = textwrap.dedent(
    """
    import concurrent.futures.thread, fcntl, json, logging, os, pathlib, shutil, socket, sys, types
    import tempfile

    def locking(descriptor, mode, count):
        place = os.lseek(descriptor, 0, os.SEEK_CUR)
        assert place >= 1 << 40, "a lock there would keep others from reading"
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    msvcrt = types.ModuleType("msvcrt")
    msvcrt.LK_NBLCK, msvcrt.locking = 2, locking
    sys.modules |= {"fcntl": None, "msvcrt": msvcrt}
    sys.platform = "win32"
    for name in ("pread", "pwrite", "sendfile", "fdatasync", "O_CLOEXEC"):
        delattr(os, name)
    sys.path.insert(0, sys.argv[1])
    folder = pathlib.Path(sys.argv[2])

    from smartspectra.ipc import FolderInUse, MetricsCollector, MetricsCollectorConfig

    def collector():
        made = MetricsCollector(MetricsCollectorConfig(
            output_jsonl_path=folder / "metrics.jsonl", output_json_path=folder / "metrics.json",
            append_mode=True,
        ))
        made.start()
        return made

    for number in range(2):
        made = collector()
        made.set_session_id("x")
        made.set_recording_state(True)
        for stamp in range(600):
            sample = {"timestamp": str(1_760_000_000_000_000 + number * 600 + stamp), "value": 1.5}
            made.process_envelope(json.dumps(
                {"type": "edge_metrics", "timestamp": 1, "payload": {"eda": {"trace": [sample]}}}
            ))
        try:
            collector()
        except FolderInUse:
            print("a second collector is refused")
        made.stop()
    """
)


def test_a_session_is_recorded_without_the_calls_that_windows_lacks(tmp_path):
    """
    The package imports without fcntl; files are locked, continued and finished all the same.
    """
    done = subprocess.run(
        [sys.executable, "-c", AS_ON_WINDOWS, str(LIBS), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ("", 2) == (done.stderr, done.stdout.count("a second collector is refused"))
    assert 1_200 == len(lines(tmp_path / "metrics_x.jsonl"))
    assert 1_200 == document(tmp_path / "metrics_x.json")["meta"]["total_samples"]
    assert document(tmp_path / "metrics_x_manifest.json")["complete"]
