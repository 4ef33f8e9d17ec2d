"""The rooms of each tree of packages: which lies above which."""

import pytest

from tests.architecture.sources import MODULES, imported_modules

FLOORS = {
    "smartspectra.ipc": (
        {"locking", "storage", "wire"},
        {"config", "series"},
        {"session"},
        {"documented_api", "ingest", "redis_feed", "stats"},
        {"metrics_collector"},
    ),
    "vitalrig": (
        {
            "atomic_files",
            "clock",
            "errors",
            "event_types",
            "extras",
            "harmless",
            "heartbeat",
            "machine_boot",
            "nearest",
            "redis_keys",
            "signals",
            "statuses",
            "version",
        },
        {
            "dotenv",
            "events",
            "installation",
            "judged_signals",
            "lease_owner",
            "secret_files",
            "stream_limits",
            "unkept",
        },
        {"launch", "metrics", "rpc", "sessions_folder", "web"},
        {"newest_sample", "service", "sessions", "telemetry"},
        {"cli", "redis_client", "reported_outage", "signal_state"},
        {"event_outlets", "heartbeat_publisher"},
        {"testing"},
    ),
    "vitalrig.sessions": (
        {"errors"},
        {"store"},
        {"reading"},
        {"exports", "plotting", "verification"},
    ),
    "services.physiology_server": (
        {"flags"},
        {
            "clocks",
            "dropped_frames",
            "envelope_timestamps",
            "settings",
            "signals",
            "transforms",
        },
        {"control", "sources", "vision"},
        {"envelopes"},
        {"captures", "pipeline", "spool"},
        {"core_beside", "publishing", "scenarios"},
        {"backend_factory", "capture_factory", "state"},
        {"frame_loop", "performance", "rpc", "source_signals"},
        {"app", "offline"},
        {"__main__"},
    ),
}
"""
From the ground up. A folder or a module at the root is a room; it knows floors below its own.

So wire and storage know nothing of what is measured, and series nothing of sessions; a session's
files lie below what is in them, and that below any judgement of it.
"""


def rooms(package: str) -> dict[str, set[str]]:
    """
    Give the rooms of a package, each with those that it knows.
    """
    start = f"{package}."
    known: dict[str, set[str]] = {}
    for module in MODULES:
        if module.startswith(start):
            room = module.removeprefix(start).partition(".")[0]
            others = known.setdefault(room, set())
            others |= {
                name.removeprefix(start).partition(".")[0]
                for name in imported_modules(module)
                if name.startswith(start)
            } - {room}
    return known


@pytest.mark.parametrize("package", FLOORS)
def test_no_room_imports_what_is_above_it_or_beside_it(package):
    """
    A reader who goes down never has to go up again.
    """
    floor = {room: number for number, below in enumerate(FLOORS[package]) for room in below}

    assert [] == [
        f"{room} imports {other}"
        for room, others in rooms(package).items()
        for other in others
        if floor[other] >= floor[room]
    ]


@pytest.mark.parametrize("package", FLOORS)
def test_every_room_has_its_floor(package):
    """
    A room that is gone is struck off, and a new one is put where it belongs.
    """
    assert set(rooms(package)) == set().union(*FLOORS[package])
