"""`vitalrig telemetry`: the event log, served, stopped, looked at and followed."""

import json
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from ssl import SSLContext
from types import FrameType
from typing import Annotated, Any

import typer
from rich.table import Table

from vitalrig.cli.opened import AsJson
from vitalrig.cli.terminal import command, console, mention, print_json, say, shown
from vitalrig.errors import BadRequest, CannotStart
from vitalrig.extras import is_ours, missing
from vitalrig.telemetry.client import TelemetryClient
from vitalrig.telemetry.client_errors import TelemetryClientError
from vitalrig.telemetry.event_follower import EventFollower, Followed
from vitalrig.telemetry.telemetry_environment import (
    base_url_of,
    host_of,
    port_of,
    site_dir_of,
    variable,
)

app = typer.Typer(no_args_is_help=True, help="Serve, look at and follow the event log.")

DAY_S = 86_400
MB_BYTES = 1_000_000
EXIT_CANNOT_START = 3
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class ScopeName(StrEnum):
    """What a token's bearer may do; each may do what those before it may."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


class FsyncName(StrEnum):
    """When events are on the disk."""

    ALWAYS = "always"
    INTERVAL = "interval"
    NEVER = "never"


Host = Annotated[
    str | None, typer.Option(help="Of the server.", show_default="TELEMETRY_HOST, or localhost")
]
Port = Annotated[
    int | None, typer.Option(help="Of the server.", show_default="TELEMETRY_PORT, or 6562")
]
BearerToken = Annotated[
    str | None, typer.Option("--token", help="What lets you in.", show_default="TELEMETRY_TOKEN")
]
SiteDir = Annotated[
    str | None,
    typer.Option(help="The folder of the events.", show_default="TELEMETRY_SITE_DIR, or telemetry"),
]
TokensFile = Annotated[
    str | None, typer.Option("--tokens", help="The file of tokens.", show_default="the site's")
]
Types = Annotated[list[str], typer.Option("--type", help="Only these; * stands for anything.")]


@app.command()
def run(
    host: Host = None,
    port: Port = None,
    site_dir: SiteDir = None,
    tokens: TokensFile = None,
    allow_insecure: Annotated[
        bool, typer.Option(help="Let other machines in without a token.")
    ] = False,
    allowed_host: Annotated[list[str], typer.Option(help="A name that the server goes by.")] = [],  # noqa: B006  typer's
    fsync: Annotated[FsyncName, typer.Option(help="When events are on the disk.")] = (
        FsyncName.INTERVAL
    ),
    run_root: Annotated[list[str], typer.Option(help="A folder in which runs may lie.")] = [],  # noqa: B006  typer's
    web_config: Annotated[
        Path | None, typer.Option(help="A web config file, for TLS; see the guide on security.")
    ] = None,
    verbose: Annotated[bool, typer.Option(help="Log all that is done.")] = False,
) -> None:
    """Serve the event log until told to stop."""
    with command("run"):
        with _needing("telemetry"):
            from vitalrig.telemetry.run_server import ServerOptions, bind, run_server  # noqa: PLC0415
        context = _tls(web_config)
        try:
            options = ServerOptions(
                site_dir_of(site_dir),
                host_of(host),
                port_of(port),
                tokens or variable("TOKENS"),
                allow_insecure=allow_insecure or variable("ALLOW_INSECURE") is not None,
                hosts=tuple(allowed_host),
                fsync=fsync.value,
                run_roots=tuple(run_root),
            )
            listener = bind(options)
            address = base_url_of(options.host, listener.getsockname()[1])
            if context() is not None:
                address = address.replace("http:", "https:", 1)
            say(f"telemetry on {address}, events in {options.site_dir}")
            level = logging.DEBUG if verbose else logging.INFO
            logging.basicConfig(level=level, format=LOG_FORMAT)
            run_server(options, listener, _stopped_by_signals(), context)
        except CannotStart as exc:
            mention(f"run: {exc}")
            raise typer.Exit(EXIT_CANNOT_START) from exc


@app.command()
def stop(host: Host = None, port: Port = None, token: BearerToken = None) -> None:
    """Ask the server to stop."""
    with _asking("stop", host, port, token) as client:
        print_json(client.shutdown())


@app.command()
def current(
    event_type: Annotated[str | None, typer.Argument(help="Only this type.")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Then show every event as it comes.")
    ] = False,
    host: Host = None,
    port: Port = None,
    token: BearerToken = None,
    as_json: AsJson = False,
) -> None:
    """Show the newest event of each type."""
    with _asking("current", host, port, token) as client:
        since = client.newest_seq() if follow else 0
        if event_type is None:
            events = client.current()["current"]
        else:
            events = _current_of(client, event_type, may_lack=follow)
        if as_json:
            for event in events.values():
                typer.echo(_line(event))
        else:
            _print_table(list(events.values()))
        if follow:
            types = [event_type] if event_type is not None else []
            _follow(_follower(client, since, types), as_json=as_json)


@app.command()
def tail(
    types: Types = [],  # noqa: B006  typer's
    run_id: Annotated[str | None, typer.Option("--run", help="Only of this run.")] = None,
    camera: Annotated[str | None, typer.Option(help="Only of this camera.")] = None,
    number: Annotated[int, typer.Option("-n", min=0, help="So many that were before.")] = 10,
    since: Annotated[int | None, typer.Option(min=0, help="All after this number.")] = None,
    follow: Annotated[bool, typer.Option(help="Go on with those that come.")] = True,
    host: Host = None,
    port: Port = None,
    token: BearerToken = None,
    as_json: AsJson = False,
) -> None:
    """Show the last events and then every one as it comes, through restarts of the server."""
    with _asking("tail", host, port, token) as client:
        newest = client.newest_seq()
        wanted: dict[str, Any] = {"type": types, "run": run_id, "camera": camera}
        if since is None:
            found = client.events(until=newest, limit=number, backwards=True, **wanted)
            before = reversed(list(found)) if number else iter(())
        else:
            before = client.events(since=since, until=newest, **wanted)
        for event in before:
            _show(Followed(event), as_json=as_json)
        if follow:
            _follow(_follower(client, newest, types, run_id, camera), as_json=as_json)


@app.command()
def token(
    name: Annotated[str | None, typer.Argument(help="What to call it.")] = None,
    scope: Annotated[ScopeName, typer.Option(help="What its bearer may do.")] = ScopeName.READ,
    remove: Annotated[bool, typer.Option("--remove", help="Remove it instead.")] = False,
    site_dir: SiteDir = None,
    tokens: TokensFile = None,
) -> None:
    """Make a token, remove one, or list all. A server that runs knows of it at once."""
    from vitalrig.telemetry.tokens_path import tokens_path  # noqa: PLC0415
    from vitalrig.web.tokens import TokenFile  # noqa: PLC0415

    with command("token"):
        path = tokens_path(site_dir_of(site_dir), tokens or variable("TOKENS"))
        file = TokenFile(path)
        if name is None:
            for each in file.tokens():
                say(f"{each.name}  {each.scope}")
        elif remove:
            file.remove(name)
            say(f"token {name} is removed")
        else:
            typer.echo(file.add(name, scope.value))
            mention(f"token {name} may {scope.value}; it is kept nowhere else, its hash in {path}")


@app.command()
def prune(
    older_than_days: Annotated[
        float | None, typer.Option(min=0, help="In which nothing was written for so long.")
    ] = None,
    max_mb: Annotated[
        float | None, typer.Option(min=0, help="What all files may have together.")
    ] = None,
    min_free_mb: Annotated[
        float | None, typer.Option(min=0, help="Room to leave on the disk.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    site_dir: SiteDir = None,
    as_json: AsJson = False,
) -> None:
    """Remove the oldest files of events, while no server writes the folder."""
    with command("prune"):
        with _needing("telemetry"):
            from vitalrig.telemetry.event_retention import RetentionPolicy  # noqa: PLC0415
            from vitalrig.telemetry.telemetry_service import TelemetryService  # noqa: PLC0415
        policy = RetentionPolicy(
            max_age_s=None if older_than_days is None else older_than_days * DAY_S,
            max_bytes=None if max_mb is None else round(max_mb * MB_BYTES),
            min_free_bytes=None if min_free_mb is None else round(min_free_mb * MB_BYTES),
        )
        folder = Path(site_dir_of(site_dir)).expanduser()
        if not folder.is_dir():
            raise BadRequest(f"{folder} is not a folder; where are the events?")
        with TelemetryService(folder) as service:
            gone = service.prune(policy, dry_run=dry_run)
        if as_json:
            print_json(gone)
            return
        for each in gone:
            numbers = f"  {each['first']} to {each['last']}" if "first" in each else ""
            say(f"{each['file']}  {each['bytes']} bytes{numbers}")
        say(f"{len(gone)} files {'would be' if dry_run else 'were'} removed")


@contextmanager
def _asking(
    name: str, host: str | None, port: int | None, bearer: str | None
) -> Iterator[TelemetryClient]:
    with command(name) as doing, TelemetryClient(host, port, token=bearer) as client:
        try:
            yield client
        except TelemetryClientError as exc:
            doing.complain(exc)
        except ConnectionError as exc:
            doing.complain(f"{exc}; `vitalrig telemetry run` starts a server")


@contextmanager
def _needing(extra: str) -> Iterator[None]:
    try:
        yield
    except ImportError as exc:
        if is_ours(exc):
            raise
        raise BadRequest(missing(exc, "the server", extra)) from exc


def _tls(web_config: Path | None) -> Callable[[], SSLContext | None]:
    if web_config is None:
        return lambda: None
    with _needing("service"):
        from vitalrig.web.security import WebSecurity  # noqa: PLC0415
    return WebSecurity(web_config).context


def _stopped_by_signals() -> threading.Event:
    stop = threading.Event()

    def end(_signum: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    return stop


def _current_of(client: TelemetryClient, kind: str, *, may_lack: bool) -> dict[str, Any]:
    try:
        return {kind: client.current_event(kind)}
    except TelemetryClientError as exc:
        if may_lack and exc.status_code == 404:  # noqa: PLR2004
            return {}
        raise


def _follower(
    client: TelemetryClient,
    since: int,
    types: list[str],
    run_id: str | None = None,
    camera: str | None = None,
) -> EventFollower:
    return client.follow(
        since,
        types=types,
        run=run_id,
        camera=camera,
        on_away=lambda why: mention(f"the server is away, and waited for: {why}"),
    )


def _follow(follower: EventFollower, *, as_json: bool) -> None:
    try:
        for followed in follower:
            _show(followed, as_json=as_json)
    except KeyboardInterrupt:
        mention("Stopped following telemetry.")


def _show(followed: Followed, *, as_json: bool) -> None:
    if followed.missed is not None:
        first, last = followed.missed
        mention(f"events {first} to {last} are gone: retention has taken them")
    elif as_json:
        typer.echo(_line(followed.event))
    elif followed.event is not None:
        event = followed.event
        meta = f"  {_line(event['meta'])}" if event["meta"] else ""
        say(f"{event['seq']}  {event['ts']}  {event['type']}  {_line(event['data'])}{meta}")


def _line(content: object) -> str:
    return json.dumps(content, separators=(",", ":"))


def _print_table(events: list[dict[str, Any]]) -> None:
    if not events:
        say("no events yet")
        return
    table = Table(box=None)
    for column in ("seq", "ts", "type", "data"):
        table.add_column(column, justify="right" if column == "seq" else "left")
    for event in events:
        table.add_row(
            str(event["seq"]), shown(event["ts"]), shown(event["type"]), shown(_line(event["data"]))
        )
    console.print(table)
