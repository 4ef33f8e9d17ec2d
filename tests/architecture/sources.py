"""What the tests here look at: our own Python files, each parsed once."""

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
