"""A server in a process of its own."""

import multiprocessing
import signal
import socket

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.errors import CannotStart
from vitalrig.telemetry import TelemetryClient, telemetry_server


@pytest.fixture(params=multiprocessing.get_all_start_methods())
def start_method(request):
    before = multiprocessing.get_start_method(allow_none=True)
    multiprocessing.set_start_method(request.param, force=True)
    yield request.param
    multiprocessing.set_start_method(before, force=True)


def test_a_server_starts_by_every_method_and_ends_when_asked(start_method, tmp_path):
    """
    Its port is the caller's from the first moment, so that nobody waits for it.
    """
    process = telemetry_server(tmp_path / "site", "127.0.0.1", 0)
    client = TelemetryClient("127.0.0.1", process.port, timeout=PATIENCE_S)

    assert 1 == client.post_event("a", 1)["seq"]
    assert {"shutting_down": True} == client.shutdown()

    process.join(PATIENCE_S)
    assert 0 == process.exitcode


def test_a_port_that_is_taken_is_the_callers_to_hear(tmp_path):
    """
    Not a line in the log of a process that has ended.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=f"127.0.0.1:{port}"):
            telemetry_server(tmp_path, "127.0.0.1", port)


def test_a_server_that_is_not_started_has_its_folder_and_no_process(tmp_path):
    """
    So that what is wrong with the folder is heard at once.
    """
    process = telemetry_server(tmp_path / "site", auto_start=False)

    assert (tmp_path / "site").is_dir()
    assert process.pid is None
    assert process.daemon


def test_a_folder_that_cannot_be_is_the_callers_to_hear(tmp_path):
    """
    As with PANOPTES.
    """
    (tmp_path / "file").write_text("")

    with pytest.raises(FileExistsError):
        telemetry_server(tmp_path / "file")


def test_a_second_server_of_a_folder_ends_with_status_3(tmp_path):
    """
    One process writes a folder.
    """
    first = telemetry_server(tmp_path, "127.0.0.1", 0)
    TelemetryClient("127.0.0.1", first.port, timeout=PATIENCE_S).health()

    second = telemetry_server(tmp_path, "127.0.0.1", 0)
    second.join(PATIENCE_S)
    first.terminate()
    first.join(PATIENCE_S)

    assert (3, 0) == (second.exitcode, first.exitcode)


def test_a_server_for_other_machines_needs_tokens(tmp_path, monkeypatch):
    """
    Or somebody who says that it does not.
    """
    with pytest.raises(CannotStart, match="vitalrig telemetry token"):
        telemetry_server(tmp_path, "0.0.0.0", 0)

    monkeypatch.setenv("VITALRIG_TELEMETRY_ALLOW_INSECURE", "1")
    process = telemetry_server(tmp_path, "0.0.0.0", 0)
    process.terminate()
    process.join(PATIENCE_S)


def test_a_half_sent_request_does_not_hold_up_the_end(tmp_path):
    """
    PANOPTES's server waits for it.
    """
    process = telemetry_server(tmp_path, "127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", process.port)) as caller:
        caller.sendall(b"POST /event HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        TelemetryClient("127.0.0.1", process.port, timeout=PATIENCE_S).health()
        process.terminate()
        process.join(PATIENCE_S)

    assert 0 == process.exitcode


def test_a_server_that_is_killed_has_all_that_it_acknowledged(tmp_path):
    """
    And goes on with its numbers.
    """
    first = telemetry_server(tmp_path, "127.0.0.1", 0)
    client = TelemetryClient("127.0.0.1", first.port, timeout=PATIENCE_S)
    events = [client.post_event("a", each) for each in range(20)]
    first.kill()
    first.join(PATIENCE_S)
    assert -signal.SIGKILL == first.exitcode

    second = telemetry_server(tmp_path, "127.0.0.1", 0)
    client = TelemetryClient("127.0.0.1", second.port, timeout=PATIENCE_S)
    eventually(client.health)

    assert events[-1] == client.current_event("a")
    assert 21 == client.post_event("a", 20)["seq"]
    client.shutdown()
    second.join(PATIENCE_S)
