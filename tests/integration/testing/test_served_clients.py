"""The vendor guide's clients against `serve`, with nothing but the addresses that it prints."""

import signal
from urllib.parse import urlsplit

import cv2
import pytest

from tests.support.eventually import eventually
from tests.support.recipes import program
from tests.support.screen import Program
from tests.support.served import served
from vitalrig.sessions.store.catalogue import resolve
from vitalrig.sessions.verification.verify import verify

PULSE = r"pulse +7\d\.\d /min"


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    with served(tmp_path_factory.mktemp("serve"), "--speed=8") as rig:
        yield rig


@pytest.fixture
def grpc_port(rig):
    return rig["physiology_server"].rpartition(":")[2]


@pytest.fixture
def redis_port(rig):
    return urlsplit(rig["redis"]).port


@pytest.fixture
def run(tmp_path):
    programs = []

    def start(sample, *arguments):
        programs.append(Program(tmp_path, sample, *arguments))
        return programs[-1]

    yield start
    for each in programs:
        each.close()


def test_the_full_example_shows_a_pulse(run, grpc_port):
    """
    From gRPC alone.
    """
    client = run("full_example_on_prem_client.py", f"--port={grpc_port}", "--no_upload")
    client.says(PULSE)
    client.type("q\n")

    assert 0 == client.ends(), client.text


def test_the_alternative_client_shows_a_pulse(run, redis_port, grpc_port):
    """
    From Redis, with gRPC for control.
    """
    ports = (f"--redis_port={redis_port}", f"--port={grpc_port}")
    client = run("alt_ipc_example_on_prem_client.py", "--backend=redis", *ports)
    client.says(PULSE)
    client.type("q\n")

    assert 0 == client.ends(), client.text


def test_the_saving_client_records_a_whole_session_that_can_be_plotted(
    run, redis_port, grpc_port, tmp_path
):
    """
    With its summary, from which the guide's last program draws.
    """
    client = run(
        "redis_ipc_metrics_saving_client.py",
        f"--redis_port={redis_port}", f"--port={grpc_port}", "--session_id=first",
    )  # fmt: skip
    client.says("q quit")
    client.type("s\n")
    client.says("session first begins")
    lines = tmp_path / "metrics_first.jsonl"
    eventually(lambda: lines.exists() and '"strict"' in lines.read_text())
    client.type("t\n")
    client.says("session first is finished")
    client.type("q\n")
    status = client.ends()
    plot = run("plot_metrics.py", "--summary_file=metrics_first.json")

    assert (0, 0) == (status, plot.ends()), client.text + plot.text
    assert "intact and complete" == verify(resolve("first", tmp_path)).verdict
    assert cv2.imread(str(tmp_path / "metrics_plot.png")) is not None


@pytest.mark.parametrize("title", ["Basic usage", "Real-time snapshots"])
def test_a_program_of_the_page_listens(run, redis_port, tmp_path, title):
    """
    It is told the port of Redis, and nothing else.
    """
    path = tmp_path / "program.py"
    path.write_text(program(title))
    client = run(path, str(redis_port))
    kept = tmp_path / "metrics.jsonl"
    eventually(lambda: "core_metrics" in client.text + (kept.read_text() if kept.exists() else ""))
    client.signal(signal.SIGINT)

    assert 0 == client.ends(), client.text
