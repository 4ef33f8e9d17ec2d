"""A vendor's server in place of ours, with a camera: docker-compose.vendor.yml."""

import json
import os
import subprocess

import pytest

from tests.support.eventually import eventually
from tests.support.rig_handles import ROOT, ComposeHandle
from tests.support.rig_promises import lines

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

IMAGE = "vitalrig/stand-in-vendor:test"


@pytest.fixture
def rig(tmp_path):
    folder = ROOT / "tests" / "e2e" / "stand_in_vendor"
    subprocess.run(["docker", "build", "--quiet", "--tag", IMAGE, folder], check=True)
    handle = ComposeHandle(
        tmp_path,
        COMPOSE_PROJECT_NAME=f"vitalrig-test-camera-{os.getpid()}",
        CAMERA_DEVICE="/dev/null",  # a character device that every machine has
        PHYSIOLOGY_IMAGE=IMAGE,
    )
    yield handle
    handle.verb("purge", check=False, YES="1")


def test_a_vendors_server_with_a_camera_is_recorded(rig):
    """
    It gets the device, its group and Redis's password, and what it publishes becomes sessions.
    """
    rig.verb("up")

    def finished():
        return [
            path
            for path in rig.sessions.glob("metrics_vendor_*.json")
            if "snapshot" not in path.name and "manifest" not in path.name
        ]

    summary = eventually(finished)[0]
    envelopes = [json.loads(line) for line in lines(summary.with_suffix(".jsonl"))]
    edges = [envelope for envelope in envelopes if envelope["type"] == "edge_metrics"]
    assert 20 == len(edges)
    assert IMAGE == rig.inspect("physiology_server", "{{.Config.Image}}")
