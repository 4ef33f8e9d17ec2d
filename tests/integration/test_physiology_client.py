"""Our own gRPC client, against the real gRPC side of a server."""

import asyncio
import socket

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.rpc import connected, serving
from vitalrig.errors import BadRequest, BadSettings, InvalidState, Unavailable
from vitalrig.rpc import client as physiology_client
from vitalrig.rpc import physiology_pb2 as pb
from vitalrig.rpc.client import PhysiologyClient

NOW_US = 1_700_000_000_000_000
PULSE = {"pulse": {"rate": [{"time": 1.0, "value": 72.5, "confidence": 0.9}]}}


@pytest.fixture
def rig(tmp_path):
    with serving(tmp_path) as rig:
        yield rig


@pytest.fixture
def client(rig):
    with connected(f"127.0.0.1:{rig.port}", {}) as client:
        yield client


async def first(stream, publish):
    """The first message that comes while *publish* is called again and again."""
    reading = asyncio.create_task(anext(stream))
    async with asyncio.timeout(PATIENCE_S):
        while not reading.done():
            await asyncio.to_thread(publish)
            await asyncio.wait([reading], timeout=0.05)
    await stream.aclose()
    return await reading


def test_each_call_returns_the_state_after_it(client):
    """
    Who commands needs no second question.
    """
    states = [
        client.start(),
        client.set_recording(True, "first"),
        client.set_recording(False),
        client.reset(),
        client.set_buffer_duration(2.0),
        client.stop(),
    ]

    assert [
        (True, True, False, 0.2),
        (True, True, True, 0.2),
        (True, True, False, 0.2),
        (True, True, False, 0.2),
        (True, True, False, 2.0),
        (False, False, False, 2.0),
    ] == [
        (state.core_running, state.edge_running, state.recording, state.buffer_duration_s)
        for state in states
    ]


def test_a_server_says_what_it_is(client):
    """
    Above all whether its numbers are made up.
    """
    info = client.server_info()

    assert ("bedside", True) == (info.camera, info.synthetic)


@pytest.mark.parametrize("kind", ["core_metrics", "edge_metrics"])
def test_metrics_are_streamed(rig, kind):
    """
    From the moment of asking on.
    """
    rig.started()

    async def measured():
        async with PhysiologyClient(f"127.0.0.1:{rig.port}") as client:
            return await first(getattr(client, kind)(), lambda: rig.publish(kind, NOW_US, PULSE))

    assert NOW_US == asyncio.run(measured()).timestamp_us


def test_the_status_is_streamed_from_the_present_one_on(rig):
    """
    Nobody has to wait for a change to know it.
    """

    async def status():
        async with PhysiologyClient(f"127.0.0.1:{rig.port}") as client:
            return await first(client.status_updates(), lambda: None)

    assert pb.PROCESSING_NOT_STARTED == asyncio.run(status()).status.value


def test_stopping_a_recording_that_the_end_of_the_graph_stopped_is_no_error(rig, client):
    """
    `vitalrig record` says stop in any case.
    """
    client.start()
    client.set_recording(True, "first")
    rig.do(rig.control.stop_edge_graph)

    assert not client.set_recording(False).recording


def test_what_the_present_state_does_not_allow_is_said(client):
    """
    Another call goes before.
    """
    with pytest.raises(InvalidState, match="StartCore"):
        client.set_recording(True)


def test_what_never_makes_sense_is_said(client):
    """
    Trying again does not help, nor does another state.
    """
    with pytest.raises(BadRequest):
        client.set_buffer_duration(100.0)


def test_a_missing_token_is_a_setting_that_cannot_work(tmp_path):
    """
    Not a server that does not answer.
    """
    (tmp_path / "token").write_text("correct horse\n")
    with (
        serving(tmp_path, token_file=tmp_path / "token") as rig,
        connected(f"127.0.0.1:{rig.port}", {}) as client,
        pytest.raises(BadSettings, match="authorization: Bearer"),
    ):
        client.status()


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """
    By the name of the variable.
    """
    environ = {"VITALRIG_RPC_TOKEN_FILE": str(tmp_path / "missing")}
    with (
        pytest.raises(BadSettings, match="VITALRIG_RPC_TOKEN_FILE"),
        connected("127.0.0.1:1", environ),
    ):
        pass


def test_where_nobody_answers_the_error_says_what_to_do():
    """
    At once: a closed port is not a reason to wait.
    """
    with connected("127.0.0.1:1", {}) as client, pytest.raises(Unavailable, match="make up"):
        client.status()


def test_a_server_that_hangs_is_unavailable(monkeypatch):
    """
    It accepts connections and says nothing; a deadline ends the call.
    """
    monkeypatch.setattr(physiology_client, "DEADLINE_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with connected(f"127.0.0.1:{port}", {}) as client, pytest.raises(Unavailable):
            client.status()


def test_a_stream_ends_with_an_error_when_its_server_goes(tmp_path):
    """
    A reader never takes a server that is gone for one with nothing to say.
    """

    async def read(rig, gone):
        async with PhysiologyClient(f"127.0.0.1:{rig.port}") as client:
            stream = client.status_updates()
            await anext(stream)
            await asyncio.to_thread(gone)
            await anext(stream)

    serving_here = serving(tmp_path)
    rig = serving_here.__enter__()
    with pytest.raises(Unavailable):
        asyncio.run(read(rig, lambda: serving_here.__exit__(None, None, None)))
