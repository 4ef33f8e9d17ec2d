"""More than one camera in containers: `make up MODE=compose` with a list."""

import os

import pytest

from tests.support.camera_promises import CameraPromises, three_cameras
from tests.support.rig_handles import ComposeHandle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cameras")
    handle = ComposeHandle(
        folder,
        COMPOSE_PROJECT_NAME=f"vitalrig-test-cameras-{os.getpid()}",
        **three_cameras(folder),
    )
    try:
        handle.verb("up")
        yield handle
    finally:
        handle.verb("purge", check=False, YES="1")


class TestComposeCameras(CameraPromises):
    """What every rig with more cameras promises, kept under Docker compose."""
