"""The vendor guide's clients, as programs, against a real server."""

import re
import signal

import cv2
import numpy as np
import pytest

from services.physiology_server import app as server
from services.physiology_server.settings import Settings
from tests.support import faces
from tests.support.eventually import eventually
from tests.support.ports import free_port
from tests.support.redis_server import RedisServer
from tests.support.rpc import connected
from tests.support.running import a_watchdog, load, running
from tests.support.screen import Program, Terminal

FPS = 30
FULL, HELLO, ALT = (
    "full_example_on_prem_client.py",
    "hello_world_on_prem_client.py",
    "alt_ipc_example_on_prem_client.py",
)


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Three seconds of a portrait whose skin has a pulse."""
    path = tmp_path_factory.mktemp("video") / "subject.avi"
    time_s = np.arange(3 * FPS) / FPS
    drawn = faces.portrait(640, 480)
    blood = 0.005 * faces.heartbeat(72, time_s)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (640, 480))
    for amount in blood:
        rgb = faces.finished(drawn.picture(blood=amount))
        writer.write(cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture
def rig(tmp_path):
    """Start a server with these settings; give its port, or what stops it."""
    stops = []

    def start(redis_server=None, *, stoppable=False, **keys):
        settings = load(Settings, redis_server, **{"port": 0, "publish_core": "always"} | keys)
        service = server.build(settings, a_watchdog(tmp_path, "server"))
        context = running(service)
        context.__enter__()
        port = eventually(lambda: service.port)
        if stoppable:
            return lambda: context.__exit__(None, None, None)
        stops.append(context)
        return port

    yield start
    for context in stops:
        context.__exit__(None, None, None)


@pytest.fixture
def run(tmp_path):
    programs = []

    def start(sample, *arguments):
        programs.append(Program(tmp_path, sample, *arguments))
        return programs[-1]

    yield start
    for each in programs:
        each.close()


@pytest.fixture
def run_in_terminal(tmp_path):
    terminals = []

    def start(sample, *arguments):
        terminals.append(Terminal(tmp_path, sample, *arguments))
        return terminals[-1]

    yield start
    for each in terminals:
        each.close()


def test_the_full_example_accounts_for_every_uploaded_frame(rig, run, video):
    """
    Sent, received, used and dropped: nothing disappears between the file and the graph.
    """
    port = rig(source="upload", streaming_backend="grpc")
    program = run(FULL, f"--port={port}", f"--video={video}", "--fast")
    status = program.ends()

    assert (0, True) == (
        status,
        "upload: 90 sent, 90 received = 90 used + 0 dropped" in program.text,
    ), program.text


def test_the_full_example_obeys_its_keys(rig, run):
    """
    s, t, r and h do what the guide says, q ends it.
    """
    port = rig(source="synthetic", streaming_backend="grpc")
    program = run(FULL, f"--port={port}", "--no_upload", "--logs", "--edge")
    program.says("q quit")
    for key, answer in (("s", "recording: done"), ("t", "stopped: done"), ("r", "reset: done")):
        program.type(f"{key}\n")
        program.says(answer)
    program.type("h\n")
    program.says("q quit", times=2)
    program.says("chest ")
    program.type("q\n")

    assert 0 == program.ends()


def test_the_full_example_says_that_a_source_is_made_up(rig, run):
    """
    Nobody takes the numbers of a synthetic source for a person's.
    """
    port = rig(source="synthetic", streaming_backend="grpc")
    program = run(FULL, f"--port={port}", "--no_upload")
    program.says("q quit")
    program.type("quit\n")
    program.ends()

    assert "MADE UP" in program.text


def test_the_full_example_leaves_a_server_at_work_that_was_at_work_before(rig, run):
    """
    Whoever looks on and quits ends nobody else's recording.
    """
    port = rig(source="synthetic", streaming_backend="grpc", autostart=True)
    with connected(f"127.0.0.1:{port}") as somebody:
        somebody.set_recording(True, "night")
        program = run(FULL, f"--port={port}", "--no_upload")
        program.says("q quit")
        program.type("q\n")
        status = program.ends()

        assert (0, True) == (status, somebody.status().recording), program.text


def test_the_full_example_ends_its_own_recording(rig, run):
    """
    Also on a server that goes on: nobody else would end it.
    """
    port = rig(source="synthetic", streaming_backend="grpc", autostart=True)
    program = run(FULL, f"--port={port}", "--no_upload")
    program.says("q quit")
    program.type("s\n")
    program.says("recording: done")
    program.type("q\n")
    program.ends()

    with connected(f"127.0.0.1:{port}") as somebody:
        assert not somebody.status().recording, program.text


def test_a_picture_of_another_day_is_not_shown(run, tmp_path):
    """
    What a server left in its folder is not a picture that has just come.
    """
    base = tmp_path / "out"
    base.mkdir()
    (base / "latest.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    program = run(ALT, f"--base_dir={base}", f"--port={free_port()}", "--save_frame=seen.jpg")
    program.says("q quit")
    program.type("q\n")
    program.ends()

    assert "picture" not in program.text


def test_a_folder_that_is_not_there_is_said(run, tmp_path):
    """
    A wrong path must not look like a server that has nothing to say.
    """
    program = run(ALT, f"--base_dir={tmp_path / 'none'}", f"--port={free_port()}")
    program.says("none is not there yet")
    program.type("q\n")

    assert 0 == program.ends()


def test_uploading_to_a_server_with_a_source_of_its_own_is_refused_with_a_reason(rig, run, video):
    """
    The frames would be lost.
    """
    port = rig(source="synthetic", streaming_backend="grpc")
    program = run(FULL, f"--port={port}", f"--video={video}", "--fast")
    status = program.ends()

    assert (1, True) == (status, "upload: " in program.text), program.text


def test_hello_world_prints_a_rate(rig, run):
    """
    The least program shows what a server measures; a synthetic server needs no camera.
    """
    port = rig(source="synthetic", streaming_backend="grpc", speed=20)
    program = run(FULL, f"--port={port}", "--no_upload")
    program.says(r"pulse +7\d\.\d /min")
    program.type("q\n")

    assert 0 == program.ends()


def test_hello_world_uploads_a_video_and_ends(rig, run, video):
    """
    In real time, as from a camera.
    """
    port = rig(source="upload", streaming_backend="grpc")
    program = run(HELLO, f"--port={port}", f"--video={video}")
    status = program.ends()

    assert (0, "90 frames: 90 used, 0 dropped") == (
        status,
        program.said[-1].strip() if program.said else "",
    ), program.text


@pytest.mark.parametrize("backend", ["file", "redis"])
def test_the_alternative_client_shows_rates_status_and_pictures(
    rig, run, redis_server, tmp_path, backend
):
    """
    The same program for both backends, with gRPC for control alone.
    """
    base = tmp_path / "out"
    keys = {"streaming_backend": backend, "source": "synthetic", "speed": 8, "frame_fps": 2}
    if backend == "file":
        keys["file_base_directory"] = str(base)
    port = rig(redis_server, **keys)
    program = run(
        ALT, f"--backend={backend}", f"--base_dir={base}", f"--redis_port={redis_server.port}",
        f"--port={port}", f"--save_frame={tmp_path / 'seen.jpg'}",
    )  # fmt: skip
    program.says("q quit")
    program.says(r"pulse +7\d\.\d /min")
    program.says("picture    320 x 240")
    program.type("s\n")
    program.says("recording: done")
    program.type("q\n")
    status = program.ends()

    assert (0, (240, 320)) == (status, cv2.imread(str(tmp_path / "seen.jpg")).shape[:2])


@pytest.mark.parametrize("sample", [FULL, HELLO, ALT])
def test_help_names_the_documented_arguments(run, sample):
    """
    --help is enough to use it.
    """
    program = run(sample, "--help")
    status = program.ends()
    words = set(re.findall(r"--\w+", program.text))
    wanted = {"--port"}
    if sample == ALT:
        wanted |= {"--backend", "--base_dir", "--redis_host", "--redis_port", "--redis_key_prefix"}

    assert (0, set()) == (status, wanted - words)


@pytest.mark.parametrize("sample", [FULL, HELLO])
def test_a_client_goes_on_with_a_server_that_comes_later(rig, run, video, sample):
    """
    It says once that it waits, and then does what it would have done.
    """
    port = free_port()
    program = run(sample, f"--port={port}", f"--video={video}")
    program.says("no server answers at .*; waiting for it")
    rig(source="upload", streaming_backend="grpc", port=port)
    status = program.ends()

    assert (0, 1, True) == (
        status, program.text.count("waiting for it"), "90 used" in program.text,
    ), program.text  # fmt: skip


@pytest.mark.parametrize("backend", ["file", "redis"])
def test_the_alternative_client_goes_on_with_what_comes_later(rig, run, tmp_path, backend):
    """
    The folder or Redis, and the server.
    """
    port, redis = free_port(), RedisServer(tmp_path)
    program = run(
        ALT, f"--backend={backend}", f"--base_dir={tmp_path / 'out'}", f"--port={port}",
        f"--redis_port={redis.port}",
    )  # fmt: skip
    program.says("no server answers")
    redis.start()
    try:
        keys = {"streaming_backend": backend, "file_base_directory": str(tmp_path / "out")}
        rig(redis, source="synthetic", port=port, speed=8, **keys)
        program.says(r"pulse +7\d\.\d /min")
        program.type("s\nq\n")

        assert 0 == program.ends()
    finally:
        redis.stop()


def test_a_recording_goes_on_by_key_after_the_server_was_started_anew(rig, run):
    """
    Its graph does not run then; who presses s wants it to.
    """
    port = free_port()
    stop = rig(source="synthetic", streaming_backend="grpc", port=port, stoppable=True)
    program = run(FULL, f"--port={port}", "--no_upload")
    program.type("s\n")
    program.says("recording: done")
    stop()
    program.says("the server is gone; waiting for it")
    rig(source="synthetic", streaming_backend="grpc", port=port)
    with connected(f"127.0.0.1:{port}") as somebody:
        program.type("s\n")
        program.says("recording: done", times=2)

        assert somebody.status().recording


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_hello_world_ends_its_recording_when_it_is_interrupted(rig, run, video, number):
    """
    Nobody is recorded after the program that began it has gone.
    """
    port = rig(source="upload", streaming_backend="grpc")
    program = run(HELLO, f"--port={port}", f"--video={video}")
    program.says("recording: done")
    program.signal(number)
    status = program.ends()

    with connected(f"127.0.0.1:{port}") as somebody:
        assert (0, False) == (status, somebody.status().recording)


def test_hello_world_leaves_the_recording_of_others(rig, run, video):
    """
    It could not begin one of its own.
    """
    port = rig(source="upload", streaming_backend="grpc", autostart=True)
    with connected(f"127.0.0.1:{port}") as somebody:
        somebody.start()
        somebody.set_recording(True, "theirs")
        program = run(HELLO, f"--port={port}", f"--video={video}")
        program.says("recording: ")
        program.signal(signal.SIGINT)
        program.ends()

        assert "theirs" == somebody.status().session_id


def test_in_a_terminal_the_alternative_client_shows_pictures(rig, run_in_terminal, tmp_path):
    """
    As coloured blocks, above the text.
    """
    out = str(tmp_path / "out")
    port = rig(source="synthetic", streaming_backend="file", file_base_directory=out, frame_fps=2)
    terminal = run_in_terminal(ALT, f"--base_dir={out}", f"--port={port}")
    terminal.says("shown in the terminal")
    terminal.says("\N{UPPER HALF BLOCK}")
    terminal.type("q\n")

    assert 0 == terminal.ends()
