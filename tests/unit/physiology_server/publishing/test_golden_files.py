"""The file backend's lines, as its readers were written for."""

import asyncio
from pathlib import Path

import pytest

from services.physiology_server.control import Control
from services.physiology_server.envelopes import of_change
from services.physiology_server.pipeline import Pipeline
from services.physiology_server.publishing.backends.file.file_backend import FileBackend
from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.signals.core import Core
from services.physiology_server.signals.edge import Edge
from services.physiology_server.signals.frame import Frame, Signals
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats
from vitalrig.statuses import StatusCode

GOLDEN = Path(__file__).parents[3] / "golden" / "file_ipc"
FPS = 25
FILES = ["core_metrics.jsonl", "edge_metrics.jsonl", "recording_state.jsonl", "status.jsonl"]


def frames():
    """Half a second of a person who leaves the picture for a moment."""
    for index in range(FPS // 2):
        wave = (index % 5 - 2) / 16
        yield Frame(
            index,
            index / FPS,
            Signals(
                pulse=wave,
                phasic=wave / 2,
                upper_breathing=wave / 4,
                lower_breathing=wave / 8,
                glutes=wave / 16,
                knees=wave / 32,
                blinking=index in (3, 4),
                talking=False,
            ),
            StatusCode.NO_FACES_FOUND if index in (6, 7) else StatusCode.OK,
        )


def envelopes():
    clock = ManualClock()
    control = Control(clock)
    edge = Edge(enable_micromotion=True, source_kind="synthetic")
    core = Core(
        buffer_duration_s=0.2,
        enable_phasic_bp=True,
        source_kind="synthetic",
        run_id="golden",
        version="golden",
        clock=clock,
    )
    pipeline = Pipeline(control, edge, core, "recording")
    control.start_core()
    control.start_edge_graph()
    control.set_recording(True, "golden")
    for frame in frames():
        yield from pipeline.step(frame, clock.wall_us())
        clock.advance(1 / FPS)
    control.stop_edge_graph()
    yield from map(of_change, control.take_changes())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("file_ipc")
    outbox = Outbox(1_000)
    for outgoing in envelopes():
        outbox.put(outgoing)

    async def run():
        backend = FileBackend(FileConfig(base_directory=str(folder)), ServiceHeartbeats("probe"))
        await backend.send(outbox.take(1_000))
        await backend.close()

    asyncio.run(run())
    return folder


@pytest.mark.parametrize("name", FILES)
def test_lines_are_the_golden_ones(folder, name, request):
    """
    Keys, their order, and how numbers are written are what readers parse.

    After a change that is meant: pytest --update-golden, and read the diff.
    """
    golden = GOLDEN / name
    if request.config.getoption("--update-golden"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_bytes((folder / name).read_bytes())

    assert golden.read_text() == (folder / name).read_text()


def test_no_golden_file_is_left_over():
    """
    A sample that nothing is compared with is a sample of nothing.
    """
    assert FILES == sorted(path.name for path in GOLDEN.iterdir())
