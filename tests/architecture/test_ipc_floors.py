"""Inside smartspectra.ipc: sessions stand on series, series on wire and storage."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.architecture.test_imports import imports, within

LIBS = Path(__file__).parents[2] / "libs"
IPC = "smartspectra.ipc"
FLOORS = {
    "wire": (),
    "storage": (),
    "series": ("wire", "storage"),
    "session": ("wire", "storage", "series", "config"),
}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(LIBS).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_of_ipc_stands_on_lower_ones_alone(floor):
    """
    Wire and storage know nothing of what is measured, and series nothing of sessions.
    """
    allowed = tuple(f"{IPC}.{name}" for name in (floor, *FLOORS[floor]))

    assert [] == [
        f"{module_of(path)} imports {name}"
        for path, name in imports(LIBS / "smartspectra" / "ipc" / floor)
        if within(name, (IPC,)) and not within(name, allowed)
    ]


def test_no_modules_of_ipc_import_one_another_in_a_circle():
    """
    Imports that only a type checker follows count as well.
    """
    files = sorted((LIBS / "smartspectra").rglob("*.py"))
    modules = {module_of(path) for path in files}
    graph = {
        module_of(path): {
            name
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
            for name in (node.module, *(f"{node.module}.{each.name}" for each in node.names))
            if name in modules and not module_of(path).startswith(f"{name}.")
        }
        for path in files
    }

    TopologicalSorter(graph).prepare()
