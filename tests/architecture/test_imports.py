"""One dependency direction: services, vitalrig, then the two libraries that stand alone."""

import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter

import pytest

from tests.architecture.sources import MODULES, ROOT, imported, imported_modules, within

SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/__main__.py"))

TWICE = {
    "services.exporter cameras": "a source, and the catalogue of the metrics that it shows",
    "vitalrig client": "both are documented: that of gRPC and that of telemetry",
    "vitalrig events": "what services say has happened, and what happened in a session's files",
    "vitalrig errors": "what can go wrong in general, and what with a session's files",
}
"""Names of modules that occur twice in one tree of packages, and why they may."""


def breaches(package: str, *, forbidden: tuple[str, ...], allowed: tuple[str, ...] = ()):
    return [
        f"{module} imports {name}"
        for module in MODULES
        if within(module, (package,))
        for name in imported(module)
        if within(name, forbidden) and not within(name, allowed)
    ]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_never_imports_another(service):
    """
    Services meet in Redis and in files, not in memory.
    """
    own = f"services.{service}"

    assert [] == breaches(own, forbidden=("services",), allowed=(own,))


def test_libraries_never_import_services():
    """
    They are used without any.
    """
    for library in ("smartspectra", "vitalrig"):
        assert [] == breaches(library, forbidden=("services",))


def test_smartspectra_ipc_imports_nothing_of_ours():
    """
    It is a drop-in that stands alone.
    """
    assert [] == breaches("smartspectra", forbidden=("vitalrig",))


def test_heartbeats_import_nothing_else_of_ours():
    """
    They can be taken without the rest.
    """
    assert [] == breaches(
        "vitalrig.heartbeat",
        forbidden=("vitalrig", "smartspectra"),
        allowed=("vitalrig.heartbeat",),
    )


def test_no_modules_import_one_another_in_a_circle():
    """
    Imports that only a type checker follows count as well.
    """
    TopologicalSorter({module: imported_modules(module) for module in MODULES}).prepare()


def test_no_name_of_a_module_occurs_twice_in_one_tree():
    """
    Whoever looks a module up by its name finds one.
    """
    found = defaultdict(list)
    for module, path in MODULES.items():
        if not path.endswith(("__init__.py", "__main__.py")):
            depth = 2 if module.startswith("services.") else 1
            found[".".join(module.split(".")[:depth]), module.rpartition(".")[2]].append(module)

    assert set(TWICE) == {" ".join(key) for key, modules in found.items() if len(modules) > 1}


def test_names_with_a_low_line_stay_in_their_package():
    """
    Who needs one elsewhere gives it a public name; `documented_api` has the vendor's.
    """
    assert [] == [
        f"{module} imports {name}"
        for module in MODULES
        for name in imported(module)
        if is_private_to_others(name, module)
    ]


def is_private_to_others(name: str, module: str) -> bool:
    parts = name.split(".")
    for place, part in enumerate(parts):
        if part.startswith("_") and not part.startswith("__"):
            owner = ".".join(parts[:place])
            is_package = MODULES.get(owner, "").endswith("__init__.py")
            return not within(module, (owner if is_package else owner.rpartition(".")[0],))
    return False


def test_smartspectra_is_a_namespace():
    """
    Other smartspectra packages, such as the vendor's protobuf wheel, can sit beside ours.
    """
    assert not (ROOT / "libs" / "smartspectra" / "__init__.py").exists()


@pytest.mark.parametrize(
    "module",
    ["smartspectra.ipc.metrics_collector", "vitalrig.heartbeat", "vitalrig.service.health"],
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
