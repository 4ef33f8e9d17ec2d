"""The guide's command lines, run as they stand, as processes, with their documented ports."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.physiology_server.publishing.backends.file.file_config import FileConfig
from services.physiology_server.publishing.backends.redis.redis_config import RedisConfig
from tests.support.guide_command import NOT_POSSIBLE, ROOT, SESSION, environment
from tests.support.guide_lines import ADVANCED, FILE, GRPC, REDIS, SAVER, WORKFLOW
from tests.support.patience import PATIENCE_S

NOT_STARTED = 8


@dataclass(frozen=True)
class Command:
    """A row of the guide: what it says, and what the server must then be."""

    flags: str
    backend: str
    source: str
    capabilities: frozenset[str]
    camera: int | None = None


COMMANDS = {
    "grpc": Command(GRPC, "grpc", "upload", frozenset({"phasic_bp", "upload"})),
    "file": Command(FILE, "file", "camera", frozenset(), 0),
    "redis, alternative client": Command(REDIS, "redis", "camera", frozenset(), 0),
    "redis, saver, standard": Command(SAVER, "redis", "camera", frozenset({"phasic_bp", "eda"}), 0),
    "redis, saver, advanced": Command(
        ADVANCED, "redis", "camera", frozenset({"phasic_bp", "eda"}), 2,
    ),
    "workflow": Command(WORKFLOW, "redis", "camera", frozenset({"phasic_bp", "eda"}), 0),
}  # fmt: skip
MADE_UP = "redis, saver, advanced, with a made-up subject"
WITH_CAMERA = [name for name, command in COMMANDS.items() if command.source == "camera"]
EACH = pytest.mark.parametrize("name", COMMANDS)
EACH_WITH_CAMERA = pytest.mark.parametrize("name", WITH_CAMERA)


def lines():
    """All that is run; in the last one later flags take the camera's place by a made-up subject."""
    flags = {name: command.flags for name, command in COMMANDS.items()}
    flags[MADE_UP] = f"{flags['redis, saver, advanced']} --source=synthetic"
    return {name: f"physiology_server {text}" for name, text in flags.items()}


class Started:
    """All commands, beside each other, each in a network of its own where that is possible."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._processes, self._seen = {}, {}
        for name, line in lines().items():
            place = folder / name
            place.mkdir()
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", "tests.support.guide_command", place, line],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True,
            )  # fmt: skip

    def __call__(self, name: str) -> dict:
        if name not in self._seen:
            said, complaints = self._processes[name].communicate(timeout=PATIENCE_S)
            status = self._processes[name].returncode
            if status == NOT_POSSIBLE:
                (pytest.fail if os.environ.get("CI") else pytest.skip)(complaints)
            assert 0 == status, complaints
            self._seen[name] = json.loads(said)
        return self._seen[name]

    def end(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.terminate()
            process.communicate()


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    started = Started(tmp_path_factory.mktemp("guide"))
    yield started
    started.end()


@pytest.fixture
def away(name, started):
    """What a server with a camera did on a machine that has none."""
    device = Path(f"/dev/video{COMMANDS[name].camera}")
    if device.exists():
        pytest.skip(f"this machine has a camera, {device}")
    return started(name)


@EACH
def test_a_command_starts_what_it_says(started, name):
    """
    Backend, source and what is switched on, at the documented port.
    """
    command, seen = COMMANDS[name], started(name)

    assert (command.backend, command.source, "physiology", 0.2) == (
        seen["backend"], seen["source"], seen["camera"], seen["buffer_duration_s"],
    )  # fmt: skip
    assert command.capabilities == set(seen["capabilities"]) - {"pictures"}


@EACH
def test_a_command_has_no_flag_that_is_not_known(started, name):
    """
    None is passed over.
    """
    assert "unknown argument" not in started(name)["log"]


@EACH
def test_a_command_logs_to_the_terminal_for_people(started, name):
    """
    That it is ready, and where.
    """
    log = started(name)["log"]

    assert re.search(r"^\[info +\] physiology_server ready .*port=50051", log, re.MULTILINE)
    assert [] == [line for line in log.splitlines() if line.startswith("{")]


@EACH
def test_a_server_that_was_told_to_stop_ends_well(started, name):
    """
    After the whole life cycle over gRPC, with status 0.
    """
    seen = started(name)

    assert (0, [True, SESSION]) == (seen["exit"], seen["recording"])
    assert (NOT_STARTED, NOT_STARTED) == (seen["statuses"][0], seen["statuses"][-1])
    assert "Traceback" not in seen["log"]


def test_uploaded_pictures_come_back_as_metrics(started):
    """
    The gRPC command: each frame gives edge metrics, each 0.2 s of them core metrics.
    """
    seen = started("grpc")

    assert ([30, 30], 30, 30) == (seen["upload"], seen["edge_messages"], seen["core_frames"])


@EACH_WITH_CAMERA
def test_without_a_camera_the_server_says_so(name, away):
    """
    Which one, why, and what to do: once, not with each attempt.
    """
    lines = [line for line in away["log"].splitlines() if "gives no pictures" in line]

    assert 1 == len(lines)
    assert f"camera=/dev/video{COMMANDS[name].camera}" in lines[0]
    assert all(
        word in lines[0] for word in ("[warning  ]", "no such device", "camera_device_index")
    )


@EACH_WITH_CAMERA
def test_without_a_camera_the_server_stays_up(name, away):
    """
    It answers that nothing is processed, through further attempts.
    """
    assert {NOT_STARTED} == set(away["status_answers"])
    assert len(away["status_answers"]) > 5


def test_the_file_command_writes_where_its_configuration_says(started):
    """
    ./file_ipc_config.json is the default one, so ./file_ipc_output.
    """
    started("file")
    folder = started.folder / "file" / "file_ipc_output"

    assert {"core_metrics.jsonl", "edge_metrics.jsonl", "status.jsonl"} <= {
        path.name for path in folder.iterdir()
    }
    assert b'"value":"PROCESSING_NOT_STARTED"' in (folder / "status.jsonl").read_bytes()


@pytest.mark.parametrize("name", [n for n in WITH_CAMERA if COMMANDS[n].backend == "redis"])
def test_a_redis_command_publishes_on_the_documented_channels(name, away):
    """
    Without a camera there are a status and the begin and end of the recording.
    """
    assert {"physiology:status", "physiology:recording_state"} == set(away["channels"])


def test_the_advanced_command_logs_what_its_flags_say(started):
    """
    Figures every three seconds, and details; without a subject there is nothing to measure.
    """
    log = started(MADE_UP)["log"]
    fps = re.findall(r"throughput and latency .*effective_fps=([0-9.]+)", log)[1]

    assert 30 == pytest.approx(float(fps), rel=0.2)
    assert re.search(r"throughput and latency .*latency_p50_ms=[0-9.]+", log)
    assert re.search(r"transfer from Edge to Core .*mean_ms=[0-9.]+", log)
    assert "[debug    ]" in log


def test_the_advanced_command_with_a_subject_uses_all_channels(started):
    """
    Core metrics too, since a recording runs.
    """
    kinds = {"core_metrics", "edge_metrics", "status", "frame", "recording_state"}

    assert {f"physiology:{kind}" for kind in kinds} == set(started(MADE_UP)["channels"])


@pytest.mark.parametrize(
    ("flag", "name", "text"),
    [
        ("--save_default_file_ipc_config", "default_file_ipc_config.json", FileConfig().to_json()),
        (
            "--save_default_redis_ipc_config",
            "default_redis_ipc_config.json",
            RedisConfig().to_json(),
        ),
    ],
    ids=["file", "redis"],
)
def test_a_default_configuration_is_written_and_that_is_all(tmp_path, flag, name, text):
    """
    The documented file, in the folder that one is in; then the program ends with 0.
    """
    ended = subprocess.run(
        ["sh", "-c", f"physiology_server {flag}"],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip

    assert (0, f"{name} written\n", "") == (ended.returncode, ended.stdout, ended.stderr)
    assert {name: text} == {p.name: p.read_text() for p in tmp_path.iterdir() if p.is_file()}
