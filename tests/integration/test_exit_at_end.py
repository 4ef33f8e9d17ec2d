"""A server that plays a file and is done."""

import json
import threading

import pytest

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from tests.support.clips import write_video
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.running import a_watchdog, load, running


@pytest.fixture
def make(tmp_path):
    def make(**keys):
        video = write_video(tmp_path / "clip.avi", 30)
        settings = load(
            Settings, source="video", input_path=video, autostart=True, port=0, speed="inf",
            streaming_backend="file", file_base_directory=tmp_path / "out", **keys,
        )  # fmt: skip
        return build(settings, a_watchdog(tmp_path))

    return make


def test_with_exit_at_end_the_program_ends_with_its_video(make, tmp_path):
    """
    As on SIGTERM: what was measured is written, the last status too.
    """
    program = threading.Thread(target=make(exit_at_end=True).run, args=(threading.Event(),))
    program.start()
    program.join(PATIENCE_S)
    lines = (tmp_path / "out" / "edge_metrics.jsonl").read_text().splitlines()
    status = (tmp_path / "out" / "status.jsonl").read_text().splitlines()[-1]

    assert (False, 30) == (program.is_alive(), len(lines))
    assert "PROCESSING_NOT_STARTED" == json.loads(status)["payload"]["value"]


def test_without_it_the_server_waits_for_another_start(make):
    """
    Somebody may want to see the file again.
    """
    server = make()
    with running(server):
        eventually(lambda: server.state.frames == 30 and not server.state.control.edge_running)
        server.state.control.start_edge_graph()

        assert eventually(lambda: server.state.frames == 60)
