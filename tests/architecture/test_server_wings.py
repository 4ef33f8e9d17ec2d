"""The rooms of the physiology_server: which lies above which, and no circle anywhere."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[2]
SERVER = ROOT / "services" / "physiology_server"
PACKAGE = "services.physiology_server."

FLOORS = (
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
    {"publishing", "scenarios"},
    {"backend_factory", "capture_factory", "state"},
    {"frame_loop", "performance", "rpc", "source_signals"},
    {"app"},
    {"__main__"},
)
"""From the ground up. A wing or a module at the root is a room; it knows floors below its own."""


def imported(path: Path) -> Iterator[str]:
    """
    Modules of the server that *path* imports, without the package's name.
    """
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            name = node.module.removeprefix(PACKAGE)
            for alias in node.names:
                inner = f"{name}.{alias.name}"
                yield inner if (SERVER / f"{inner.replace('.', '/')}.py").exists() else name


MODULES = {
    str(path.relative_to(SERVER).with_suffix("")).replace("/", "."): set(imported(path))
    for path in sorted(SERVER.rglob("*.py"))
    if path.name != "__init__.py"
}


def test_no_room_imports_what_is_above_it():
    """
    A reader who goes down from `app` never has to go up again.
    """
    floor = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
    upward = [
        f"{module} imports {other}"
        for module, others in MODULES.items()
        for other in others
        if (room := module.split(".")[0]) != (below := other.split(".")[0])
        and floor[below] >= floor[room]
    ]

    assert [] == upward


def test_no_modules_of_the_server_import_each_other_in_a_circle():
    """
    Inside a wing as well.
    """
    TopologicalSorter(MODULES).prepare()  # raises CycleError, which names the circle


def test_every_room_has_its_floor():
    """
    A room that is gone is struck off, and a new one is put where it belongs.
    """
    assert {module.split(".")[0] for module in MODULES} == set().union(*FLOORS)


def test_no_name_of_a_module_occurs_twice():
    """
    Whoever looks a module up by its name finds one.
    """
    names = [module.split(".")[-1] for module in MODULES]

    assert [] == sorted({name for name in names if names.count(name) > 1})
