"""What tests of the server as a process have: a real Redis, and servers to be killed."""

import pytest

from tests.support.server_process import ServerProcess


@pytest.fixture
def client(redis_server):
    with redis_server.client() as client:
        yield client


@pytest.fixture
def start(redis_server, tmp_path):
    """Start the server as in the rig; what still runs at the end is killed."""
    started = []

    def start(**keys):
        usual = {"spool_folder": tmp_path / "spool", "resume_recording": True}
        number = len(started) + 1
        started.append(ServerProcess(tmp_path, redis_server.port, number, **usual | keys))
        return started[-1]

    yield start
    for server in started:
        server.kill()
