"""More than one camera as processes: `make up MODE=local` with a list."""

import pytest

from tests.support.camera_promises import CameraPromises, three_cameras
from tests.support.rig_handles import LocalHandle

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cameras")
    handle = LocalHandle(folder, **three_cameras(folder))
    try:
        handle.verb("up")
        yield handle
    finally:
        handle.verb("down", check=False)


class TestLocalCameras(CameraPromises):
    """What every rig with more cameras promises, kept without Docker."""
