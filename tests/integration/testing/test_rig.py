"""A rig of real processes, as other teams' tests have it."""

import json

import pytest

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.rig_promises import LOOPBACK, listeners
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.harness_ports import candidates
from vitalrig.testing.prefix_pools import POOL_SIZE
from vitalrig.testing.rig import Rig

PARTS = {"redis", "physiology_server", "collector", "exporter"}


@pytest.fixture(scope="module")
def rig():
    with Rig.start_rig() as rig:
        rig.wait_ready(PATIENCE_S)
        yield rig


def test_ready_means_that_an_envelope_has_come_through_every_part(rig):
    """
    Redis keeps it, the collector has counted it, and the exporter shows that.
    """
    with rig.address.client() as client:
        assert client.xlen("physiology:envelopes") > 0
    assert rig.metric("vitalrig_redis_up") == 1
    received = rig.metrics("vitalrig_envelopes_received_total", camera="physiology")
    assert sum(sample.value for sample in received) > 0


def test_all_of_it_listens_on_loopback_outside_the_range_of_outgoing_connections(rig):
    """
    Nobody on the network reaches it, and no connection takes a port while its service is down.
    """
    ports = {int(url.rpartition(":")[2]) for url in rig.description.urls.values()}

    addresses = {address for address, port in listeners() if port in ports}
    assert addresses <= LOOPBACK
    assert ports <= set(candidates())
    assert ports == {port for _, port in listeners() if port in ports}


def test_each_part_has_its_process_and_its_log(rig):
    """
    Events of all services are there as they were logged, in order of time.
    """
    events = rig.events()

    assert set(rig.processes) >= PARTS
    assert "physiology_server ready" in {event["event"] for event in events}
    assert sorted(event["time"] for event in events) == [event["time"] for event in events]
    assert {"physiology_server", "collector"} <= {event["process"] for event in events}
    assert "Ready to accept connections" in rig.logs("redis")


@pytest.mark.parametrize("ask", [Rig.logs, Rig.url])
def test_who_asks_for_what_is_not_there_hears_what_is(rig, ask):
    """
    The nearest name is offered.
    """
    with pytest.raises(HarnessError, match="did you mean exporter?"):
        ask(rig, "exportr")


def test_a_number_that_is_not_there_is_an_error(rig):
    """
    A misspelt metric is not taken for 0.
    """
    with pytest.raises(HarnessError, match="the page has 0 numbers vitalrig_no_such"):
        rig.metric("vitalrig_no_such")


def test_two_processes_of_one_name_are_refused(rig):
    """
    Logs and faults are found by name.
    """
    with pytest.raises(HarnessError, match="there is a process collector in this rig"):
        rig.spawn("collector", "collector")


def test_prefixes_do_not_end_and_each_is_collected(rig):
    """
    A collector knows the cameras of a pool in advance; for the next pool there is another.
    """
    prefixes = [rig.take_prefix() for _ in range(POOL_SIZE + 1)]

    folders = {rig.sessions_folder(prefix) for prefix in prefixes}
    assert POOL_SIZE + 1 == len(set(prefixes)) == len(folders)
    assert rig.processes["collector-2"].is_running
    assert json.loads(rig.processes["collector-2"].log_lines()[0])
    eventually(lambda: {"", prefixes[-1]} == shown_collectors(rig))


def shown_collectors(rig):
    reports = rig.metrics("vitalrig_service_last_report_timestamp_seconds", service="collector")
    return {sample.labels.get("camera", "") for sample in reports}


def test_a_camera_of_nobody_has_no_sessions(rig):
    """
    A misspelt prefix is not waited for.
    """
    with pytest.raises(HarnessError, match="'elsewhere' is no camera of this rig"):
        rig.sessions_folder("elsewhere")


def test_a_server_without_the_rest_is_ready_without_it():
    """
    Whoever only subscribes needs neither collector nor exporter.
    """
    with Rig.start_server(seed=5, pulse_rate=84) as rig:
        rig.wait_ready(PATIENCE_S)

        assert {"redis", "physiology_server"} == set(rig.processes)
        with rig.address.client() as client:
            assert client.xlen("physiology:envelopes") > 0
        with pytest.raises(HarnessError, match="no address of exporter"):
            rig.metrics()


def test_a_redis_alone_answers():
    """
    The least that there is.
    """
    with Rig.start_redis() as rig:
        rig.wait_ready(PATIENCE_S)

        with rig.address.client() as client:
            assert client.ping()
