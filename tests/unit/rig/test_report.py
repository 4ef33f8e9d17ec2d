"""What `make up` says when all is well."""

import re
from pathlib import Path

from rig import report
from rig.environment import load
from rig.fleet import wanted

ROOT = Path(__file__).resolve().parents[3]


def closing_lines(without=None, **changes):
    environment = load(ROOT, {"RIG_ENV_FILE": "/nonexistent", **changes})
    return report.ready(environment, wanted(environment), "compose", ["redis"], without or {})


def test_what_could_not_be_started_is_in_the_closing_lines():
    """
    A line that went by minutes ago is not read.
    """
    said = closing_lines({"grafana": "its image grafana:11 cannot be fetched"})

    assert re.search(r"^  no grafana +its image grafana:11 cannot be fetched$", said, re.MULTILINE)


def test_every_camera_has_its_address_and_a_hundred_do_not_fill_the_screen():
    """
    With few of them all are listed, else the first and the last.
    """
    few, many = closing_lines(CAMERAS="3"), closing_lines(CAMERAS="100")

    assert re.search(r"gRPC of physiology-3 +127\.0\.0\.1:50053", few)
    assert "CAMERA=physiology" in few
    assert re.search(r"gRPC of physiology-100 +127\.0\.0\.1:50150", many)
    assert len(many.splitlines()) < 22
