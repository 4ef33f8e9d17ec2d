"""gRPC on a Unix socket, which the system lets only some users reach."""

import socket

import grpc
import pytest
from google.protobuf.empty_pb2 import Empty

from tests.support.rpc import connected, serving
from vitalrig.errors import BadSettings, CannotStart
from vitalrig.rpc import physiology_pb2_grpc as pb_grpc


@pytest.fixture
def path(tmp_path_factory):
    # A short folder: pytest's for this test may be longer than the path of a socket can be.
    return tmp_path_factory.mktemp("s") / "rpc.sock"


def test_a_unix_socket_is_listened_on(tmp_path, path):
    """
    The address is `unix:` and a path, for the server and its clients alike.
    """
    with serving(tmp_path, listen_address=f"unix:{path}"), connected(f"unix:{path}", {}) as server:
        assert not server.status().recording


def test_a_socket_that_a_killed_server_left_is_no_hindrance(tmp_path, path):
    """
    Nobody listens on it.
    """
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))

    with (
        serving(tmp_path, listen_address=f"unix:{path}"),
        grpc.insecure_channel(f"unix:{path}") as channel,
    ):
        assert not pb_grpc.PhysiologyStub(channel).GetStatus(Empty()).recording


def test_a_socket_of_another_server_is_left_to_it(tmp_path, path):
    """
    As a port would be.
    """
    with serving(tmp_path, listen_address=f"unix:{path}") as first:
        with (
            pytest.raises(CannotStart, match="another server listens on .*rpc.sock"),
            serving(tmp_path, listen_address=f"unix:{path}"),
        ):
            pass
        with grpc.insecure_channel(f"unix:{path}") as channel:
            assert not pb_grpc.PhysiologyStub(channel).GetStatus(Empty()).recording
        assert first.port


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x" * 108, "at most 107 bytes"),
        ("missing/rpc.sock", "no folder .*missing"),
        ("notes.txt", "notes.txt is there and is not a socket"),
    ],
)
def test_a_path_where_there_can_be_no_socket_is_refused_by_name(tmp_path, path, name, words):
    """
    Before anything starts.
    """
    (path.parent / "notes.txt").touch()

    with (
        pytest.raises(BadSettings, match=f"listen_address: .*{words}"),
        serving(tmp_path, listen_address=f"unix:{path.parent / name}"),
    ):
        pass
