"""Images by tag and digest."""

from pathlib import Path

import pytest

from rig import docker, pinned_images
from rig.environment import load
from rig.errors import RigError
from tests.support.rig_files import services, text

ROOT = Path(__file__).resolve().parents[3]
DIGEST = "sha256:" + "a1" * 32


@pytest.fixture
def file(tmp_path):
    """As `make pin` writes it, where a registry has all images."""
    named = load(ROOT, {"RIG_ENV_FILE": "/nonexistent"}).values
    pinned_images.write(
        tmp_path / "images.env",
        {name: f"{named[name]}@{DIGEST}" for name in pinned_images.IMAGES},
    )
    return tmp_path / "images.env"


def environment(**changes):
    return load(ROOT, {"RIG_ENV_FILE": "/nonexistent", **changes})


def test_a_file_of_pinned_images_goes_before_tags(file):
    """
    What a release was tested with is what runs, whatever became of the tag.
    """
    assert f"redis:7-bookworm@{DIGEST}" == environment(IMAGES_FILE=str(file))["REDIS_IMAGE"]
    assert "redis:7-bookworm" == environment()["REDIS_IMAGE"]
    mine = environment(IMAGES_FILE=str(file), REDIS_IMAGE="mine:1")
    assert "mine:1" == mine["REDIS_IMAGE"]


def test_every_image_of_somebody_elses_can_be_pinned():
    """
    An image that is added to compose or to the Dockerfile is not forgotten.
    """
    named = {
        service["image"].split("${")[1].partition(":-")[0]
        for service in services().values()
        if "build" not in service
    }

    assert {*named, "PYTHON_IMAGE"} == set(pinned_images.IMAGES)
    assert "FROM ${PYTHON_IMAGE}" in text("services/Dockerfile")


def test_pinning_fetches_every_image_and_notes_its_digest(monkeypatch):
    """
    The tag stays readable beside it.
    """
    pulled = []
    monkeypatch.setattr(docker, "pull", pulled.append)
    monkeypatch.setattr(docker, "digest", lambda name: DIGEST)

    pinned = pinned_images.pin(environment().values)

    assert f"python:3.11-slim-bookworm@{DIGEST}" == pinned["PYTHON_IMAGE"]
    assert len(pulled) == len(pinned_images.IMAGES)


def test_an_image_that_no_registry_has_is_not_pinned(monkeypatch):
    """
    One that was made here has no digest, and a file without it would be no release.
    """
    monkeypatch.setattr(docker, "pull", lambda name: "no such host")

    with pytest.raises(RigError, match=r"PYTHON_IMAGE.*no such host"):
        pinned_images.pin(environment().values)


@pytest.mark.parametrize("line", ["REDIS_IMAGE=redis:7", "GRPC_PORT=1", "REDIS_IMAGE"])
def test_a_file_that_pins_nothing_is_refused(tmp_path, line):
    """
    A tag in it would look pinned and not be.
    """
    (tmp_path / "images.env").write_text(line)

    with pytest.raises(RigError, match="images.env"):
        environment(IMAGES_FILE=str(tmp_path / "images.env"))
    with pytest.raises(RigError, match="make pin"):
        environment(IMAGES_FILE=str(tmp_path / "none"))
