"""PANOPTES's own client with our server, and our client with PANOPTES's own server."""

import json
import shutil
import subprocess

import pytest

from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.telemetry_http import a_telemetry_server
from tests.support.telemetry_log import stored
from vitalrig.telemetry import TelemetryClient, TelemetryClientError

THEIR_LIFE = """
import json, sys
from panoptes.utils.telemetry import TelemetryClient, TelemetryClientError
client = TelemetryClient(host="127.0.0.1", port=sys.argv[1])
said = [client.health(), client.ready()]
try:
    client.stop_run()
except TelemetryClientError as exc:
    said.append([exc.status_code, exc.detail])
said.append(client.start_run(run_dir="runs/night", meta={"observer": "x"}))
event = client.post_event("weather", {"sky": "clear"})
said.append(event.seq)
said.append(client.post_event("dome", {"open": True}, store_permanently=False).seq)
said.append(client.current_event("weather").data)
current = client.current()
said.append(sorted(current.get("current", current)))
said.append(client.get_run()["run_id"])
said.append(client.insert_current("mount", {"parked": True}))
said.append(client.get_current("mount")["data"])
said.append(client.stop_run()["meta"])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def their_python():
    """Their interpreter; skipped by name where no Python can have it (tools/panoptes-python.sh)."""
    found = shutil.which("panoptes-python")
    if found is None:
        pytest.skip("panoptes-python is missing; install panoptes-utils 0.5.3 for Python 3.12")
    return found


def test_their_client_notices_no_difference(their_python, tmp_path):
    """
    The whole life of a client, with the run's folder as their observatory names it.
    """
    with a_telemetry_server(tmp_path) as server:
        done = subprocess.run(
            [their_python, "-c", THEIR_LIFE, str(server.port)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    assert 0 == done.returncode, done.stderr
    health, ready, none, run, *rest = json.loads(done.stdout)

    assert ({"ok": True}, True, [404, "No run is active"]) == (health, ready["ready"], none)
    assert ("001", str(tmp_path / "site" / "runs" / "night")) == (run["run_id"], run["run_dir"])
    assert [
        1, 2, {"sky": "clear"}, ["dome", "weather"], "001", "3", {"parked": True},
        {"observer": "x", "run_id": "001"},
    ] == rest  # fmt: skip
    assert ["weather", "mount"] == [event["type"] for event in stored(tmp_path / "site")]


@pytest.fixture(scope="module")
def their_server(their_python, tmp_path_factory):
    """Their server as a process, and our client of it."""
    folder, port = tmp_path_factory.mktemp("theirs"), free_port()
    command = [their_python, "-m", "panoptes.utils.cli.telemetry", "run", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--site-dir", str(folder / "site")]
    process = OwnProcess("theirs", command, folder)
    process.start()
    client = TelemetryClient("127.0.0.1", port, timeout=PATIENCE_S)

    def is_there():
        assert process.is_running, process.log_text()
        try:
            return client.health()
        except OSError:
            return False

    try:
        eventually(is_there)
        yield client
        client.shutdown()  # a signal to their command would leave the process that serves
        process.ended()
    finally:
        process.stop()


def test_our_client_speaks_with_their_server(their_server):
    """
    Also with data that theirs stumbles over.
    """
    client = their_server
    run = client.start_run(meta={"observer": "x"})

    numbers = [client.post_event("a", data)["seq"] for data in ([1], None, "2024", {"value": 3})]

    assert [1, 2, 3, 4] == numbers
    assert {"value": 3} == client.current_event("a")["data"]
    assert run["run_id"] == client.stop_run()["run_id"]
    with pytest.raises(TelemetryClientError, match="404"):
        client.stop_run()


def test_what_waited_in_a_spool_reaches_their_server_one_by_one(their_server, tmp_path):
    """
    It takes no batches.
    """
    spool = tmp_path / "spool.jsonl"
    with TelemetryClient("127.0.0.1", free_port(), spool=spool) as away:
        for each in range(3):
            away.post_event("b", each)
    with TelemetryClient(base_url=their_server.base_url, spool=spool) as client:
        client.flush()
        assert 0 == client.spooled

    assert 2 == their_server.current_event("b")["data"]
