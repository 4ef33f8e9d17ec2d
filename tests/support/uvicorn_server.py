"""A real uvicorn in this process, as services will run it."""

import threading
from contextlib import contextmanager

import uvicorn

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S


@contextmanager
def under_uvicorn(application, **options):
    """Serve an ASGI application on a port that the system picks, and give the port."""
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_config=None, **options))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
