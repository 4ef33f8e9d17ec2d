"""The rig's own services are never asked through a proxy, whatever the environment says."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("libs", "services", "samples", "tools")
    for path in (ROOT / folder).rglob("*.py")
)
CHANNELS = {"insecure_channel": 2, "secure_channel": 3}


def calls(path: Path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_of_ours_is_asked_through_a_proxy(path):
    """
    On a company's machine http_proxy is set; it leads neither to 127.0.0.1 nor to a container.

    `urlopen` takes the proxy from the environment, and so does a gRPC channel without options.
    """
    text = path.read_text()
    bare = [
        f"line {node.lineno}: {node.func.attr}"
        for node in calls(path)
        if node.func.attr == "urlopen"
        or (
            node.func.attr in CHANNELS
            and (len(node.args) < CHANNELS[node.func.attr] or "grpc.enable_http_proxy" not in text)
        )
    ]

    assert [] == bare
