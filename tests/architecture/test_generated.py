"""What is generated is fresh."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name", ["physiology_pb2.py", "physiology_pb2.pyi", "physiology_pb2_grpc.py"]
)
def test_generated_grpc_code_is_that_of_the_proto(tmp_path, name):
    """
    If this fails: make proto, and commit what it wrote.
    """
    subprocess.run(
        [
            sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT / 'proto'}",
            f"--python_out={tmp_path}", f"--pyi_out={tmp_path}", f"--grpc_python_out={tmp_path}",
            str(ROOT / "proto/vitalrig/rpc/physiology.proto"),
        ],
        check=True,
    )  # fmt: skip

    fresh = (tmp_path / "vitalrig/rpc" / name).read_text()

    assert fresh == (ROOT / "libs/vitalrig/rpc" / name).read_text()
