"""What is generated is fresh."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROTO = ROOT / "proto"
PROTOS = sorted(PROTO.rglob("*.proto"))
EXPECTED = sorted(
    f"{proto.stem}{suffix}"
    for proto in PROTOS
    for suffix in ("_pb2.py", "_pb2.pyi", "_pb2_grpc.py")
)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", f"-I{PROTO}", f"--python_out={folder}",
            f"--pyi_out={folder}", f"--grpc_python_out={folder}", *map(str, PROTOS),
        ],
        check=True,
    )  # fmt: skip
    return folder / "vitalrig" / "rpc"


@pytest.mark.parametrize("name", EXPECTED)
def test_generated_grpc_code_is_that_of_the_proto(fresh, name):
    """
    If this fails: make proto, and commit what it wrote.
    """
    assert (fresh / name).read_text() == (ROOT / "libs/vitalrig/rpc" / name).read_text()


def test_nothing_is_left_of_protos_that_are_gone():
    """
    If this fails: delete from libs/vitalrig/rpc what no file under proto/ makes.
    """
    found = sorted(
        path.name for path in (ROOT / "libs/vitalrig/rpc").glob("*_pb2*") if path.is_file()
    )

    assert EXPECTED == found
