"""A telemetry server in this process, from its folder to its last answer."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vitalrig.telemetry.api_app import ADMIN, PUBLIC, create_app
from vitalrig.telemetry.event_log import Fsync
from vitalrig.telemetry.telemetry_service import TelemetryService
from vitalrig.telemetry.tokens_path import tokens_path
from vitalrig.web.access import Access
from vitalrig.web.asgi_server import AsgiServer, listen
from vitalrig.web.exposure import check_exposure
from vitalrig.web.request_guard import GuardRules
from vitalrig.web.tokens import TokenFile

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerOptions:
    """
    What a server is told. All of it can be pickled.

    Attributes:
        site_dir: The folder of the events.
        host: Where it listens.
        port: Its port; 0 for any that is free.
        tokens: The file of tokens; None for the site folder's.
        allow_insecure: Whether other machines may come in without a token.
        hosts: Names that it goes by, besides this machine's.
        fsync: When events are on the disk.
        run_roots: Folders beside the site folder in which runs may lie.
        access_logs: Whether each request is a line of the log.
    """

    site_dir: str
    host: str
    port: int
    tokens: str | None = None
    allow_insecure: bool = False
    hosts: tuple[str, ...] = ()
    fsync: Fsync = "interval"
    run_roots: tuple[str, ...] = ()
    access_logs: bool = False

    def tokens_path(self) -> Path:
        """
        Give the file of tokens.
        """
        return tokens_path(self.site_dir, self.tokens)


def bind(options: ServerOptions) -> socket.socket:
    """
    Make the site folder and take the port, so that whoever asks for a server hears of both.

    Raises:
        CannotStart: If the port is taken, or others could come in without a token.
        BadSettings: If the tokens cannot be read.
        OSError: If the folder cannot be made.
    """
    Path(options.site_dir).expanduser().mkdir(parents=True, exist_ok=True)
    access = Access(TokenFile(options.tokens_path()))
    check_exposure(
        options.host,
        needs_tokens=access.needs_tokens,
        allow_insecure=options.allow_insecure,
    )
    return listen(options.host, options.port)


def run_server(
    options: ServerOptions,
    listener: socket.socket,
    stop: threading.Event,
    context: Callable[[], ssl.SSLContext | None] = lambda: None,
) -> None:
    """
    Serve until *stop* is set, or somebody asks for an end over `/shutdown`.

    Args:
        options: What to serve.
        listener: Where, from `bind`.
        stop: Ends it.
        context: Gives what connections are protected with; None for plain HTTP.

    Raises:
        CannotStart: If another process writes the folder.
        OSError: If the folder cannot be written to.
    """
    service = TelemetryService(options.site_dir, fsync=options.fsync, run_roots=options.run_roots)
    with service:
        app = create_app(
            service,
            rules=GuardRules(hosts=options.hosts, public=PUBLIC, admin=ADMIN),
            access=Access(TokenFile(options.tokens_path())),
        )
        server = AsgiServer(
            app, app.state.event_feed.close, context, stop, access_log=options.access_logs
        )
        app.state.uvicorn_server = server
        log.info("telemetry ready", extra={"port": listener.getsockname()[1]})
        server.run([listener])
