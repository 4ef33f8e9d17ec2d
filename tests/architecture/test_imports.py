"""One dependency direction: services, vitalrig, then the two libraries that stand alone."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))


def imports(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                yield path, node.module or ""


def breaches(folder: Path, *, forbidden: tuple[str, ...], allowed: tuple[str, ...] = ()):
    return [
        f"{path.relative_to(ROOT)} imports {name}"
        for path, name in imports(folder)
        if within(name, forbidden) and not within(name, allowed)
    ]


def within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_never_imports_another(service):
    """
    Services meet in Redis and in files, not in memory.
    """
    own = f"services.{service}"

    assert [] == breaches(ROOT / "services" / service, forbidden=("services",), allowed=(own,))


def test_libraries_never_import_services():
    """
    The wheel holds libs/ alone.
    """
    assert [] == breaches(ROOT / "libs", forbidden=("services",))


def test_smartspectra_ipc_imports_nothing_of_ours():
    """
    It is a drop-in that stands alone.
    """
    assert [] == breaches(ROOT / "libs" / "smartspectra", forbidden=("vitalrig",))


def test_heartbeats_import_nothing_else_of_ours():
    """
    They can be taken without the rest.
    """
    assert [] == breaches(
        ROOT / "libs" / "vitalrig" / "heartbeat",
        forbidden=("vitalrig", "smartspectra"),
        allowed=("vitalrig.heartbeat",),
    )


SESSION_FLOORS = ("store", "reading", "verification")
SESSION_ROOMS = ("exports", "plotting", *reversed(SESSION_FLOORS))


@pytest.mark.parametrize("room", SESSION_ROOMS)
def test_sessions_are_read_from_files_upwards(room):
    """
    Files, then what is in them, then judgement; exports and plots need the two lower ones only.
    """
    floor = SESSION_FLOORS.index(room) if room in SESSION_FLOORS else 2
    rooms = (*SESSION_FLOORS[:floor], room, "errors")
    allowed = tuple(f"vitalrig.sessions.{name}" for name in rooms)

    assert [] == breaches(
        ROOT / "libs" / "vitalrig" / "sessions" / room,
        forbidden=("vitalrig.sessions", "vitalrig.cli"),
        allowed=allowed,
    )


def test_smartspectra_is_a_namespace():
    """
    Other smartspectra packages, such as the vendor's protobuf wheel, can sit beside ours.
    """
    assert not (ROOT / "libs" / "smartspectra" / "__init__.py").exists()


@pytest.mark.parametrize(
    "module", ["smartspectra.ipc", "vitalrig.heartbeat", "vitalrig.service.health"]
)
def test_what_promises_the_standard_library_alone_needs_nothing_else(module):
    """
    Imported by an interpreter that sees no installed package.
    """
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'libs')!r}); import {module}; "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert set() == set(loaded) - sys.stdlib_module_names - {"smartspectra", "vitalrig", "__main__"}
