"""
Images by tag and digest: a file that says exactly which ones a release was made with.

A tag can be moved to another image; a digest cannot. Where no registry is reached, an image has
none, so the rig goes by tags unless IMAGES_FILE names such a file.
"""

from collections.abc import Mapping
from pathlib import Path

from rig import docker
from rig.errors import RigError
from vitalrig import dotenv

IMAGES = ("PYTHON_IMAGE", "REDIS_IMAGE", "PROMETHEUS_IMAGE", "ALERTMANAGER_IMAGE", "GRAFANA_IMAGE")
"""The variables that name images of somebody else's."""


def pin(named: Mapping[str, str]) -> dict[str, str]:
    """
    Fetch the images that *named* gives by tag, and return them by tag and digest.

    Raises:
        RigError: If one cannot be fetched from a registry.
    """
    found = {}
    for variable in IMAGES:
        tagged = named[variable].partition("@")[0]
        why = docker.pull(tagged)
        digest = docker.digest(tagged) if why is None else None
        if digest is None:
            raise RigError(
                f"{variable} is {tagged}, which has no digest: {why or 'no registry has it'}. "
                "Pin images on a machine that reaches their registry."
            )
        found[variable] = f"{tagged}@{digest}"
    return found


def write(path: Path, pinned: Mapping[str, str]) -> None:
    """
    Write the file that `read` reads.
    """
    lines = [
        "# Images by tag and digest, written by `make pin`; IMAGES_FILE in .env names this file."
    ]
    lines += [f"{variable}={image}" for variable, image in pinned.items()]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read(path: Path) -> dict[str, str]:
    """
    Read the file.

    Raises:
        RigError: If it is not there, or says something else than images with their digests.
    """
    if not path.is_file():
        raise RigError(f"IMAGES_FILE is {path}, and there is no such file; `make pin` writes one.")
    images: dict[str, str] = dotenv.read(path, {})
    for variable, image in images.items():
        if variable not in IMAGES or "@sha256:" not in image:
            raise RigError(f"{path.name}: {variable}={image} is not an image with its digest.")
    return images
