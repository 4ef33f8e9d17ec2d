"""What the tests here look at: our own Python files, each parsed once, and who imports whom."""

import ast
import functools
from pathlib import Path

ROOT = Path(__file__).parents[2]
OURS = sorted(
    str(path.relative_to(ROOT))
    for folder in ("libs", "services", "tools")
    for path in (ROOT / folder).rglob("*.py")
    if "_pb2" not in path.name
)


@functools.cache
def tree(path: str) -> ast.Module:
    """
    Give a file as a syntax tree.
    """
    return ast.parse((ROOT / path).read_text())


def module_of(path: str) -> str:
    """
    Give the name by which a file is imported.
    """
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return dotted.removeprefix("libs.").removeprefix("tools.")


MODULES = {module_of(path): path for path in OURS}


@functools.cache
def imported(module: str) -> tuple[str, ...]:
    """
    Give all that a module imports, `package.module.name`, also what only a type checker follows.
    """
    names = []
    for node in ast.walk(tree(MODULES[module])):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(names)


def imported_modules(module: str) -> set[str]:
    """
    Give the modules of ours that a module imports.
    """
    parents = (name if name in MODULES else name.rpartition(".")[0] for name in imported(module))
    return {name for name in parents if name in MODULES}


def within(name: str, packages: tuple[str, ...]) -> bool:
    """
    Tell whether *name* is one of *packages*, or in one.
    """
    return any(name == package or name.startswith(f"{package}.") for package in packages)
