"""A telemetry server in a process of its own, under fork, spawn and forkserver."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType

from vitalrig.errors import BadSettings, CannotStart
from vitalrig.telemetry.run_server import ServerOptions, bind, run_server
from vitalrig.telemetry.telemetry_environment import host_of, port_of, site_dir_of, variable

log = logging.getLogger(__name__)

EXIT_CANNOT_START = 3

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class TelemetryProcess(multiprocessing.Process):
    """
    A process that serves telemetry; it ends with the one that made it.

    Args:
        options: What it serves.
        verbose: Whether it logs all it does.

    Attributes:
        port: Its port, once it is started.
    """

    def __init__(self, options: ServerOptions, *, verbose: bool) -> None:
        super().__init__(name="telemetry-server", daemon=True)
        self.options = options
        self.port = options.port
        self._verbose = verbose
        self._listener: socket.socket | None = None

    def start(self) -> None:
        """
        Take the port here, so that the caller hears if it is taken, and start the process.

        Raises:
            CannotStart: If the port is taken, or others could come in without a token.
        """
        self._listener = bind(self.options)
        self.port = self._listener.getsockname()[1]
        try:
            super().start()
        finally:
            self._listener.close()
            self._listener = None

    def run(self) -> None:
        """
        Serve, in the new process, until it is told to stop.
        """
        stop = threading.Event()

        def end(_signum: int, _frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        logging.basicConfig(
            level=logging.DEBUG if self._verbose else logging.INFO, format=LOG_FORMAT
        )
        assert self._listener is not None
        try:
            run_server(self.options, self._listener, stop)
        except (CannotStart, BadSettings, OSError) as exc:
            log.error("cannot start: %s", exc)
            sys.exit(EXIT_CANNOT_START)


def telemetry_server(
    site_dir: str | os.PathLike[str] | None = None,
    host: str | None = None,
    port: int | str | None = None,
    auto_start: bool = True,
    access_logs: bool | None = None,
    verbose: bool = False,
) -> TelemetryProcess:
    """
    Start a server in a child process.

    Args:
        site_dir: The folder of the events; else `VITALRIG_TELEMETRY_SITE_DIR`, else
            `PANOPTES_TELEMETRY_SITE_DIR`, else `telemetry`. It is made at once.
        host: Where it listens; else `..._HOST`, else localhost.
        port: Its port; else `..._PORT`, else 6562; 0 for any that is free (see `port`).
        auto_start: Whether to start it at once.
        access_logs: Whether each request is a line of the log.
        verbose: Whether to log all it does.

    Returns:
        The process; `..._TOKENS` names its file of tokens, and `..._ALLOW_INSECURE` lets other
        machines in without.

    Raises:
        CannotStart: If the port is taken, or others could come in without a token.
        OSError: If the folder cannot be made.
        ValueError: If the port is none.
    """
    options = ServerOptions(
        site_dir_of(site_dir),
        host_of(host),
        port_of(port),
        tokens=variable("TOKENS"),
        allow_insecure=variable("ALLOW_INSECURE") is not None,
        access_logs=bool(access_logs),
    )
    Path(options.site_dir).expanduser().mkdir(parents=True, exist_ok=True)
    process = TelemetryProcess(options, verbose=verbose)
    if auto_start:
        process.start()
    return process
