"""Starts the parts of a rig, all at once."""

from collections.abc import Mapping
from pathlib import Path

from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.testing.prefix_pools import PrefixPools
from vitalrig.testing.rig_description import Parts, RigDescription
from vitalrig.testing.rig_processes import RigProcesses
from vitalrig.testing.run_folder import RunFolder
from vitalrig.testing.service_flags import as_flags, server_settings

SERVER, COLLECTOR, EXPORTER = "physiology_server", "collector", "exporter"


def start_parts(
    parts: Parts, processes: RigProcesses, pools: PrefixPools, settings: Mapping[str, object]
) -> RigDescription:
    """
    Start them and wait for nothing: whoever comes before the Redis waits for it by itself.

    Args:
        parts: What the rig has.
        processes: Where they are started.
        pools: The prefixes that a whole rig's collector records besides its own camera's.
        settings: What the server is told besides the usual. A scenario is played from a copy,
            which goes on when it is over: a test's subject does not end.

    Raises:
        BadSettings: If there is no such scenario.
        HarnessError: If something cannot be started.
    """
    folder = processes.folder
    if settings.get("scenario"):
        settings = {**settings, "scenario": _scenario_copy(str(settings["scenario"]), folder)}
    processes.start_redis()
    known = {
        "redis": processes.address.url,
        "folder": str(folder.path),
        "token": folder.token,
    }
    if parts == "redis":
        return RigDescription(parts, **known)
    port = processes.listen.port(SERVER, processes.ports)
    usual = server_settings(DEFAULT_PREFIX, port, folder.sub("spool"))
    usual |= processes.listen.server_settings
    processes.spawn(SERVER, SERVER, *as_flags({**usual, **settings}))
    known |= {"physiology_server": f"127.0.0.1:{port}", "prefix": DEFAULT_PREFIX}
    if parts == "rig":
        pools.start_collector(0, COLLECTOR, [DEFAULT_PREFIX])
        known |= _start_exporter(processes)
    return RigDescription(parts, **known)


def _scenario_copy(scenario: str, folder: RunFolder) -> Path:
    from vitalrig.testing.scenario_copy import ScenarioCopy  # noqa: PLC0415  brings YAML

    return ScenarioCopy(scenario, folder.path / "scenario.yml").path


def _start_exporter(processes: RigProcesses) -> dict[str, str]:
    sessions = processes.folder.sub("sessions")
    port = processes.listen.port(EXPORTER, processes.ports)
    told = {"listen_address": processes.listen.host, "port": port, "sessions_folder": sessions}
    processes.spawn(EXPORTER, EXPORTER, *as_flags(told))
    return {"exporter": f"http://127.0.0.1:{port}", "sessions": str(sessions)}
