"""
The verbs: up, down, purge, ps, logs, record, doctor, pin.
"""

import argparse
import io
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from rig import docker, fleet, modes, pinned_images, report, sessions_folder
from rig.environment import Environment, load
from rig.errors import RigError

_ROOT = Path(__file__).resolve().parents[2]
# All that either mode keeps in DATA_DIR; anything else in it is somebody else's.
_DATA_FOLDERS = (
    "sessions",
    "spool",
    "telemetry",
    "redis",
    "valkey",
    "prometheus",
    "alertmanager",
    "grafana",
    "run",
)


def up(environment: Environment, _: argparse.Namespace) -> int:
    """Build and start the rig, and wait until every health check passes."""
    mode, why = modes.choose(environment)
    print(f"Mode: {mode} ({why})", flush=True)
    cameras = fleet.wanted(environment)
    rig = modes.make(mode, environment, cameras)
    others = [other.name for other in modes.running(environment, cameras) if other.name != mode]
    if others:
        raise RigError(
            f"The rig runs already, in {others[0]} mode. Go on with it (make up MODE={others[0]}), "
            "or end it first (make down)."
        )
    services = rig.up()
    print(report.ready(environment, cameras, mode, services, rig.without))
    return 0


def down(environment: Environment, _: argparse.Namespace) -> int:
    """End the rig and keep all data."""
    # Both, running or not: a stopped container and a process without its supervisord count too.
    for mode in _asked_or_all(environment):
        if mode == "compose" and docker.engine_version() is None:
            continue
        modes.make(mode, environment, fleet.started(environment)).down()
    print(f"The rig is down. Session files are kept in {environment.sessions}.")
    return 0


def purge(environment: Environment, _: argparse.Namespace) -> int:
    """End the rig and delete all recordings, Redis's data and metrics, after asking."""
    data = environment.path("DATA_DIR")
    folders = [data / name for name in _DATA_FOLDERS]
    print("This deletes every recording and all else the rig keeps:")
    print("\n".join(f"  {line}" for line in sessions_folder.describe(folders)) or "  (no folders)")
    print(f"  volumes of the compose project {environment['COMPOSE_PROJECT_NAME']}")
    if os.environ.get("YES") != "1":
        if not sys.stdin.isatty():
            raise RigError(
                "Nothing was deleted: there is no terminal to ask. Say YES=1 to mean it."
            )
        if input("Write delete to go on: ").strip() != "delete":
            raise RigError("Nothing was deleted.")
    for mode in modes.MODES:
        if mode == "compose" and docker.engine_version() is None:
            print("No Docker engine answers: volumes, if there are any, stay.")
            continue
        modes.make(mode, environment, fleet.started(environment)).purge()
    sessions_folder.delete(folders)
    print("All data of the rig are deleted. Passwords and images are kept.")
    return 0


def ps(environment: Environment, _: argparse.Namespace) -> int:
    """Show what runs and how it is."""
    return _the_running(environment).ps()


def logs(environment: Environment, arguments: argparse.Namespace) -> int:
    """Show the last log lines."""
    cameras = fleet.started(environment)
    rigs = modes.running(environment, cameras)
    rig = rigs[0] if rigs else modes.make(modes.choose(environment)[0], environment, cameras)
    service = arguments.service
    if arguments.camera:
        service = cameras.camera(arguments.camera).service
    return rig.logs(service, follow=arguments.follow)


def record(environment: Environment, arguments: argparse.Namespace) -> int:
    """Record a session."""
    camera = fleet.started(environment).camera(arguments.camera)
    code = _the_running(environment).record(camera, arguments.seconds, arguments.session)
    if code == 0:
        print(f"On this machine: {camera.sessions(environment.sessions)}")
    return code


def doctor(environment: Environment, _: argparse.Namespace) -> int:
    """Look at all that is needed to start, and show it as a table."""
    chosen, why = modes.choose(environment)
    print(f"`make up` would take {chosen} mode: {why}.")
    cameras = fleet.wanted(environment)
    running = [rig.name for rig in modes.running(environment, cameras)]
    bad = False
    for mode in modes.MODES:
        rig = modes.make(mode, environment, cameras)
        print(f"\n{mode} mode ({'runs' if mode in running else 'does not run'})")
        # What runs in the other mode has the same ports, and is nothing to be ended for them.
        held_by = [name for name in running if name != mode]
        if held_by:
            print(f"  --   {'ports':<15} not looked at: the rig has them, in {held_by[0]} mode")
        for check in rig.checks(with_ports=not held_by):
            print(f"  {'ok ' if check.ok else 'NOT'}  {check.name:<15} {check.found}")
            if not check.ok:
                print(f"       {'':<15} -> {check.remedy}")
                bad = bad or mode == chosen
    return 1 if bad else 0


def pin(environment: Environment, _: argparse.Namespace) -> int:
    """Write which images there are by tag and digest, for IMAGES_FILE."""
    path = environment.root / "config" / "images.env"
    pinned_images.write(path, pinned_images.pin(environment.values))
    print(f"{path} is written. To go by it, in .env: IMAGES_FILE=config/images.env")
    return 0


def _asked_or_all(environment: Environment) -> Sequence[str]:
    asked = environment["MODE"].lower()
    return (asked,) if asked in modes.MODES else modes.MODES


def _the_running(environment: Environment) -> modes.Rig:
    rigs = modes.running(environment, fleet.started(environment))
    if not rigs:
        raise RigError("The rig does not run; start it with: make up")
    return rigs[0]


def _version() -> str:
    with (_ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


_VERBS = {verb.__name__: verb for verb in (up, down, purge, ps, logs, record, doctor, pin)}


def main(argv: Sequence[str]) -> int:
    """
    Do what *argv* says, and return the exit status: 0, 1 with a message, 2 for bad usage.
    """
    parser = argparse.ArgumentParser(prog="rig", description="Start, watch and stop the rig.")
    parser.add_argument("--version", action="version", version=f"rig {_version()}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="verb")
    parsers = {name: verbs.add_parser(name, help=verb.__doc__) for name, verb in _VERBS.items()}
    parsers["logs"].add_argument("service", nargs="?", help="one service; all without it")
    parsers["logs"].add_argument("--follow", action="store_true", help="go on as lines come")
    parsers["logs"].add_argument("--camera", default="", help="the server of this camera")
    parsers["record"].add_argument("--camera", default="", help="which one, where there are more")
    parsers["record"].add_argument("--seconds", default="30", help="how long (%(default)s)")
    parsers["record"].add_argument("--session", default="", help="its name; made up if empty")
    arguments = parser.parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files and what others say may hold letters that this terminal does not have.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = _VERBS[arguments.verb](load(_ROOT, os.environ), arguments)
        sys.stdout.flush()
    except RigError as exc:
        print(exc, file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
    except BrokenPipeError:
        # Whoever reads has seen enough, such as `head`; Python would complain at the end again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    else:
        return code
    return 1
