"""SequenceTracker of the real server, read back from each backend."""

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty
from google.protobuf.wrappers_pb2 import DoubleValue

from tests.support.conformance import BACKENDS
from tests.support.conformance_rpc import serving
from tests.support.conformance_runs import ASKED, SequenceTracker
from tests.support.eventually import eventually
from tests.support.running import running
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    runs = SequenceTracker(tmp_path_factory)
    yield runs
    runs.redis.stop()


@pytest.fixture(params=ASKED)
def asked(request):
    return request.param


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture
def run(asked, backend, runs):
    """A minute and a half of somebody whose rates are known, with all that can be measured."""
    return runs(asked, backend)


@pytest.fixture
def recorded(backend, runs):
    """A server that was asked for nothing special, during a short recording."""
    return runs("recorded", backend)


@pytest.fixture(params=["file", "redis"])
def envelopes(request, asked, runs):
    """The same run as envelopes, as text."""
    return runs(asked, request.param)


@pytest.fixture(scope="module", params=BACKENDS)
def rpc_backend(request):
    return request.param


@pytest.fixture(scope="module")
def server(rpc_backend, runs, tmp_path_factory):
    """A server in real time."""
    server = serving(rpc_backend, tmp_path_factory.mktemp("server"), runs.redis)
    with running(server):
        eventually(lambda: server.port)
        yield server


@pytest.fixture
def stub(server):
    """A client of that server, on which nothing runs."""
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = pb_grpc.PhysiologyStub(channel)
        stub.StopEdgeGraph(Empty())
        stub.StopCore(Empty())
        stub.SetBufferDuration(DoubleValue(value=0.2))
        yield stub


@pytest.fixture
def started(stub):
    stub.StartCore(Empty())
    stub.StartEdgeGraph(Empty())
    return stub
