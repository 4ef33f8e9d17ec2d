"""As many cameras need as many open files: more than systems allow without being asked."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ALLOWED = """
import logging, resource, sys
sys.path[:0] = ["libs", "."]
logging.basicConfig(format="%(message)s")
from services.collector.open_files import allow_open_files
soft, hard, cameras = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
allow_open_files(cameras)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def allowed(soft: int, hard: int, cameras: int) -> tuple[int, str]:
    """The soft limit afterwards, and what was said."""
    done = subprocess.run(
        [sys.executable, "-c", ALLOWED, str(soft), str(hard), str(cameras)],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(done.stdout.split()[0]), done.stderr


@pytest.mark.skipif(resource.getrlimit(resource.RLIMIT_NOFILE)[1] < 4_500, reason="hard limit")
def test_a_thousand_cameras_may_open_their_files():
    """
    The soft limit that systems give, 1,024, is not enough for a thousand cameras; it is raised.
    """
    soft, said = allowed(1_024, 4_500, cameras=1_000)

    assert soft >= 4_000
    assert "" == said


def test_a_limit_that_is_high_enough_stays():
    """
    What an administrator allowed is not lowered.
    """
    assert (900, "") == allowed(900, 1_000, cameras=6)


def test_too_low_a_hard_limit_is_said():
    """
    Where the system refuses, the log says how many files are needed.
    """
    soft, said = allowed(256, 512, cameras=1_000)

    assert 512 == soft
    assert "too few files may be open" in said
