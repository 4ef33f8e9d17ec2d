"""What the tests of RPCs share: a server in real time, requests, and reading of streams."""

import itertools

import grpc
import pytest

from services.physiology_server import app
from services.physiology_server.settings import Settings
from tests.support.running import a_watchdog, load
from vitalrig.rpc import physiology_pb2 as pb

PRECONDITION, ARGUMENT = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT
NOT_STARTED = 8

_NUMBERS = itertools.count(1)


def serving(backend, folder, redis, **keys):
    """
    A server in real time, which waits to be started.

    Its prefix is its own: an earlier server's lease may not have been given up yet.
    """
    settings = load(
        Settings, redis, streaming_backend=backend, port=0, frame_fps=0,
        redis_key_prefix=f"server-{next(_NUMBERS)}",
        file_base_directory=folder / "out", **keys,
    )  # fmt: skip
    return app.build(settings, a_watchdog(folder))


def refusal(call, *args):
    with pytest.raises(grpc.RpcError) as refused:
        call(*args)
    return refused.value.code(), refused.value.details()


def recording(on=True, session_id=""):
    return pb.SetRecordingRequest(recording=on, session_id=session_id)


def subscribed(stream):
    """The server knows this reader when it has said what frames are."""
    stream.initial_metadata()
    return stream


def take(stream, count):
    taken = [next(stream) for _ in range(count)]
    stream.cancel()
    return taken
