"""A camera for our own server: docker-compose.camera.yml."""

import os

import pytest

from tests.support.rig_handles import ComposeHandle

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture
def rig(tmp_path):
    handle = ComposeHandle(
        tmp_path,
        COMPOSE_PROJECT_NAME=f"vitalrig-test-own-camera-{os.getpid()}",
        CAMERA_DEVICE="/dev/null",  # a character device that every machine has
    )
    yield handle
    handle.verb("purge", check=False, YES="1")


def test_a_camera_that_gives_no_pictures_stops_nothing_and_shows_nothing(rig):
    """
    The rig is healthy, knows that its source is a camera, and shows no number of a person.
    """
    rig.verb("up")
    page = rig.metrics()

    assert 'vitalrig_source_info{camera="physiology",source="camera"} 1.0' in page
    assert "vitalrig_pulse_rate_beats_per_minute{" not in page
