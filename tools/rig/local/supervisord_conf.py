"""
supervisord's configuration for the cameras of a rig: a program each, after the one in config/.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from rig.cameras import SERVER, Camera
from rig.fleet import Fleet
from rig.grpc_door import GrpcDoor
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX

_SECTION = re.compile(rf"(?ms)^\[program:{SERVER}\]\n.*?(?=^\[|^;|\Z)")
_VIDEO = re.compile(r"/dev/video(\d+)")


def render(text: str, fleet: Fleet, door: GrpcDoor) -> str:
    """
    Return *text*, that of config/supervisord.conf, with a program for each camera.
    """
    (section,) = _SECTION.findall(text)
    programs = (_program(section, camera, fleet, door) for camera in fleet.cameras)
    return _SECTION.sub(lambda _: "".join(programs), text)


def variables(fleet: Fleet, door: GrpcDoor) -> dict[str, str]:
    """
    Return the variables of the cameras' servers, under the names that `render` writes.

    Values are in the environment alone, since a shell can read anything from there.
    """
    return {
        _variable(place, key): value
        for place, camera in enumerate(fleet.cameras)
        for key, value in _told(camera, door)
    }


def write(fleet: Fleet, door: GrpcDoor, root: Path, path: Path) -> Path:
    """
    Write the configuration to *path*, and return that.
    """
    text = (root / "config" / "supervisord.conf").read_text(encoding="utf-8")
    path.write_text(render(text, fleet, door), encoding="utf-8")
    return path


def _program(section: str, camera: Camera, fleet: Fleet, door: GrpcDoor) -> str:
    place = fleet.cameras.index(camera)
    text = section.replace("$GRPC_PORT", str(fleet.port(camera)))
    text = text.replace(f"REDIS_KEY_PREFIX={DEFAULT_PREFIX} ", f"REDIS_KEY_PREFIX={camera.name} ")
    # The module and its configuration keep their name; files and folders are the camera's own.
    for file in (f"[program:{SERVER}]", f"/{SERVER}.json", f"/{SERVER}.log", f'/{SERVER}"'):
        text = text.replace(file, file.replace(SERVER, camera.service))
    told = "".join(
        f'    VITALRIG_PHYSIOLOGY_SERVER_{key.upper()}="${_variable(place, key)}" \\\n'
        for key, _ in _told(camera, door)
    )
    return text.replace("exec env \\\n", f"exec env \\\n{told}")


def _told(camera: Camera, door: GrpcDoor) -> Iterator[tuple[str, str]]:
    yield from camera.settings.items()
    yield from door.settings(in_container=False).items()
    # Links such as those by a device's name are followed.
    if number := _VIDEO.fullmatch(os.path.realpath(camera.device)):
        yield "camera_device_index", number[1]


def _variable(place: int, key: str) -> str:
    return f"RIG_CAMERA_{place}_{key.upper()}"
