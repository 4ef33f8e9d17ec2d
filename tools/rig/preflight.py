"""
What is looked at before anything starts: each check says what it found and what to do.
"""

import os
import platform
import shutil
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rig import docker, ports
from rig.environment import HIGHEST_PORT, Environment, group_of
from rig.errors import RigError
from rig.fleet import Fleet
from rig.grpc_door import GrpcDoor
from rig.redis_memory import RedisMemory

_MEGABYTE = 1_000_000
# sun_path in <sys/un.h> holds 104 bytes on the systems with the least, one of them the end.
_LONGEST_SOCKET_PATH = 103


@dataclass(frozen=True)
class Check:
    """
    One thing that was looked at.

    Attributes:
        name: What was looked at.
        found: What was found.
        remedy: What to do about it; empty if all is well.
    """

    name: str
    found: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done."""
        return not self.remedy


def insist(checks: Iterable[Check]) -> None:
    """
    Stop if any check fails.

    Raises:
        RigError: With one line for each that fails, and what to do.
    """
    failing = [check for check in checks if not check.ok]
    if failing:
        lines = [f"  {check.name}: {check.found}\n      {check.remedy}" for check in failing]
        raise RigError("Nothing was started, because of this:\n" + "\n".join(lines))


@dataclass(frozen=True)
class Port:
    """
    A port that is opened on this machine.

    Attributes:
        name: The variable that sets it, or what it is counted from.
        address: What it is bound to.
        number: The port.
    """

    name: str
    address: str
    number: int


def published_ports(
    environment: Environment, fleet: Fleet, mode: str, *, monitoring: bool
) -> list[Port]:
    """
    Return the ports that are opened on the host in *mode*.

    Raises:
        RigError: If a variable holds no port.
    """
    names = ["EXPORTER_PORT"]
    if monitoring:
        names += ["PROMETHEUS_PORT", "ALERTMANAGER_PORT", "GRAFANA_PORT"]
    address = environment["BIND_ADDRESS"]
    found = [Port("GRPC_PORT", address, fleet.grpc_port)]
    for camera in fleet.cameras[1:]:
        number = fleet.port(camera)
        found.append(Port(f"GRPC_PORT+{number - fleet.grpc_port}", address, number))
    found += [Port(name, address, environment.port(name)) for name in names]
    found.append(Port("TELEMETRY_PORT", "127.0.0.1", environment.port("TELEMETRY_PORT")))
    if mode == "local":
        found.append(Port("REDIS_PORT", "127.0.0.1", environment.port("REDIS_PORT")))
    return found


def check_ports(wanted: Sequence[Port]) -> list[Check]:
    """
    Look whether each port is free, and whether no two are the same.
    """
    checks: list[Check] = []
    seen: dict[int, str] = {}
    for port in wanted:
        what = f"port {port.number}"
        if port.number in seen:
            remedy = f"Give {port.name.partition('+')[0]} another number in .env."
            checks.append(Check(what, f"both {seen[port.number]} and {port.name}", remedy))
        elif port.number > HIGHEST_PORT:
            checks.append(Check(what, f"{port.name} is none", "Set a lower GRPC_PORT in .env."))
        elif ports.is_free(port.address, port.number):
            checks.append(Check(what, f"{port.name}, free"))
        else:
            checks.append(_taken(port))
        seen.setdefault(port.number, port.name)
    return checks


def _taken(port: Port) -> Check:
    by = ports.holder(port.number)
    free = ports.next_free(port.address, port.number)
    name = port.name.partition("+")[0]
    other = f"set another {name} in .env" + (f", for example {name}={free}" if free else "")
    end = f"End {by}, or {other}." if by else f"End what listens there, or {other}."
    return Check(f"port {port.number}", f"{port.name} is taken" + (f" by {by}" if by else ""), end)


def check_disk(folder: Path, need_mb: int, what: str) -> Check:
    """
    Look whether the file system of *folder*, which need not exist yet, has room.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free_mb = shutil.disk_usage(existing).free // _MEGABYTE
    found = f"{free_mb} MB free at {existing} for {what}"
    if free_mb >= need_mb:
        return Check("disk", found)
    return Check(
        "disk",
        f"{found}, at least {need_mb} MB are wanted",
        "Make room, move DATA_DIR to a larger disk, or lower MIN_FREE_MB in .env.",
    )


def check_python() -> Check:
    """
    Look at the interpreter. It is new enough, or this would not run; it needs venv as well.
    """
    version = platform.python_version()
    try:
        import ensurepip  # noqa: F401, PLC0415
        import venv  # noqa: F401, PLC0415
    except ImportError:
        return Check(
            "python",
            f"{version} without venv",
            "Install it (Debian: apt-get install python3-venv), or name another interpreter: "
            "make up PYTHON=python3.12.",
        )
    return Check("python", version)


def check_engine() -> Check:
    """
    Look whether a Docker engine answers, and whether it is new enough.
    """
    version = docker.engine_version()
    if version is None:
        return Check(
            "docker engine",
            "none answers",
            "Start it, let your user use it (group docker), or run without: make up MODE=local.",
        )
    if docker.version_numbers(version) < docker.OLDEST_ENGINE:
        oldest = ".".join(map(str, docker.OLDEST_ENGINE))
        return Check(
            "docker engine",
            f"{version}, older than {oldest}",
            f"Install {oldest} or newer, or run without: make up MODE=local.",
        )
    return Check("docker engine", version)


def check_compose() -> Check:
    """
    Look whether ``docker compose`` is there and new enough.
    """
    version = docker.compose_version()
    oldest = ".".join(map(str, docker.OLDEST_COMPOSE))
    remedy = (
        f"Install compose {oldest} or newer as the plug-in `docker compose` "
        "(docker-compose 1.x will not do), or run without: make up MODE=local."
    )
    if version is None:
        return Check("docker compose", "the plug-in is not installed", remedy)
    if docker.version_numbers(version) < docker.OLDEST_COMPOSE:
        return Check("docker compose", f"{version}, older than {oldest}", remedy)
    return Check("docker compose", version)


def check_cameras(fleet: Fleet, environment: Environment, mode: str) -> list[Check]:
    """
    Look at the cameras' devices, if there are any, and whether the vendor's server can have one.
    """
    image = environment["PHYSIOLOGY_IMAGE"]
    devices = [camera.device for camera in fleet.cameras if camera.device]
    checks = [Check("cameras", ", ".join(camera.name for camera in fleet.cameras))]
    if image and mode == "local":
        remedy = "Run with MODE=compose, or empty PHYSIOLOGY_IMAGE in .env."
        checks.append(Check("vendor's server", f"{image} is an image, and there are none", remedy))
    if image and not devices:
        remedy = "Set CAMERA_DEVICE in .env, or empty PHYSIOLOGY_IMAGE."
        checks.append(Check("vendor's server", "it has no camera", remedy))
    return checks + [_check_device(device, environment) for device in devices]


def _check_device(device: str, environment: Environment) -> Check:
    try:
        is_device = stat.S_ISCHR(Path(device).stat().st_mode)
        group = environment["VIDEO_GID"] or group_of(device)
        found = f"{device}, group {group}" if is_device else f"{device} is none"
    except OSError as exc:
        is_device, found = False, f"{device}: {exc.strerror}"
    remedy = "Plug it in, name another device (CAMERA_DEVICE, config/cameras.yml), or none."
    return Check("camera", found, "" if is_device else remedy)


def check_door(door: GrpcDoor, environment: Environment) -> list[Check]:
    """
    Look whether gRPC is open to the network by mistake, and whether its files are there.
    """
    address, image = environment["BIND_ADDRESS"], environment["PHYSIOLOGY_IMAGE"]
    checks = [_check_readable(path) for path in door.files.values()]
    if door.said_twice or not door.is_open:
        how = "open to the network, as was said twice" if door.is_open else "this machine alone"
        return [*checks, Check("gRPC", f"{address}, {how}")]
    if door.is_guarded and not image:
        return [*checks, Check("gRPC", f"{address}, with {' and '.join(sorted(door.files))}")]
    remedy = (
        "Set GRPC_TOKEN_FILE, or GRPC_TLS_CERTIFICATE_FILE and GRPC_TLS_KEY_FILE, or leave "
        f"BIND_ADDRESS at 127.0.0.1. If the network is trusted, say it twice: "
        f"OPEN_TO_NETWORK={address}."
    )
    if image:
        remedy = f"The vendor's server has neither. {remedy.partition('. ')[2]}"
    found = f"{address} lets everyone on the network start and stop recordings"
    return [*checks, Check("gRPC", found, remedy)]


def _check_readable(path: Path) -> Check:
    if path.is_file() and os.access(path, os.R_OK):
        return Check("gRPC", str(path))
    return Check("gRPC", f"{path} cannot be read", "Name a file of yours in .env.")


def check_redis_memory(memory: RedisMemory) -> Check:
    """
    Look whether Redis can hold five minutes of every camera.
    """
    found = (
        f"{memory.redis_mib} MiB for {memory.cameras} camera{'s' * (memory.cameras > 1)}, "
        f"{memory.stream_mib} MiB or {memory.stream_minutes:.0f} minutes each"
    )
    if memory.is_enough:
        return Check("redis memory", found)
    return Check(
        "redis memory",
        f"{found}; {max(memory.least_mib, memory.needed_mib)} MiB are needed",
        "Start fewer cameras, give the machine more memory, or set REDIS_MEMORY_MIB and STREAM_MIB "
        "in .env.",
    )


def check_socket_path(path: Path) -> Check:
    """
    Look whether the path of supervisord's socket is short enough for the system.
    """
    length = len(str(path).encode())
    if length <= _LONGEST_SOCKET_PATH:
        return Check("socket", str(path))
    return Check(
        "socket",
        f"{path} is {length} bytes long, {_LONGEST_SOCKET_PATH} are possible",
        "Set DATA_DIR in .env to a folder with a shorter path.",
    )


def check_writable(folder: Path) -> Check:
    """
    Look whether this user can write in *folder*, which need not exist yet.
    """
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if existing.is_dir() and os.access(existing, os.W_OK | os.X_OK):
        return Check("folder", f"{folder}, writable")
    remedy = f"Make it yours (sudo chown -R $(id -u) {existing}), or set DATA_DIR in .env."
    return Check("folder", f"{existing} cannot be written to", remedy)
