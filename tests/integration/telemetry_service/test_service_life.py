"""The telemetry service as a process: its page, its port, its end."""

import json
import socket
import time
import urllib.request

import pytest

from tests.support.eventually import eventually
from tests.support.kept_events import kept, types_of
from tests.support.patience import PATIENCE_S
from tests.support.reports import service_report
from vitalrig.service.serve import EXIT_CANNOT_START


def test_a_service_that_listens_says_how_it_is_on_its_own_page(start, client):
    """
    Its heartbeats, and the state of the log, to Prometheus; and in Redis as every service.
    """
    process = start()
    eventually(lambda: "vitalrig_event_log_failing 0" in process.get("/metrics"))

    assert 'vitalrig_event_log_events_total{camera="",service="telemetry"}' in process.get(
        "/metrics"
    )
    assert "ok\n" == process.get("/-/ready") == process.get("/-/healthy")
    assert 0 == eventually(lambda: service_report(client, "telemetry"))["facts"]["log_failing"]


def test_it_serves_the_log_to_panoptes_clients(start):
    """
    What is posted is there to be read.
    """
    process = start()
    body = json.dumps({"type": "weather", "data": {"wind": 3}}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{process.port}/event", body, {"content-type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=PATIENCE_S).close()

    assert {"wind": 3} == json.loads(process.get("/current/weather"))["data"]


def test_nobody_ends_it_over_http(start):
    """
    Who supervises it would start it again at once.
    """
    process = start()
    request = urllib.request.Request(
        f"http://127.0.0.1:{process.port}/shutdown", b"", method="POST"
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=PATIENCE_S)
    refused.value.close()

    assert 409 == refused.value.code


def test_it_says_in_its_own_log_when_it_starts_and_stops(start, site):
    """
    Also without Redis, since what it says itself goes no way round.
    """
    process = start()
    eventually(lambda: kept(site, "service.started"))
    process.stop()

    assert ["service.started", "service.stopped"] == types_of(kept(site))


def test_it_stops_although_somebody_listens(start):
    """
    uvicorn alone would wait for the stream's reader.
    """
    process = start()
    with socket.create_connection(("127.0.0.1", process.port)) as reader:
        reader.sendall(b"GET /events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reader.recv(100)
        began_s = time.monotonic()
        process.stop()

    assert 0 == process.ended()
    assert time.monotonic() - began_s < PATIENCE_S


def test_a_taken_port_ends_it_with_a_word(start, make, site):
    """
    The log file's last line names the address.
    """
    first = start()
    second = make(port=first.port, site_folder=site.with_name("other"))
    second.start()

    assert EXIT_CANNOT_START == second.ended()
    assert f"127.0.0.1:{first.port} cannot be listened on" in second.log_text()


def test_a_second_one_does_not_write_the_same_folder(start, make):
    """
    Numbers would be given twice.
    """
    start()
    second = make()
    second.start()

    assert EXIT_CANNOT_START == second.ended()


def test_it_is_not_open_to_the_network_without_tokens(make):
    """
    It says what to do, and ends.
    """
    process = make(listen_address="0.0.0.0")
    process.start()

    assert EXIT_CANNOT_START == process.ended()
    assert "vitalrig telemetry token" in process.log_text()
