"""
All cameras of a rig, with their ports: as they are asked for, and as they were started.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rig.cameras import Camera, made_up, parse
from rig.environment import Environment
from rig.errors import RigError
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX

_MOST = 1_000
_SHOWN_BY_DEFAULT = 100  # the exporter's max_cameras


@dataclass(frozen=True)
class Fleet:
    """
    The cameras of a rig.

    Attributes:
        cameras: Each of them, in order.
        grpc_port: The port of the first; those of the others follow.
    """

    cameras: tuple[Camera, ...]
    grpc_port: int

    @property
    def servers(self) -> list[str]:
        """The services that measure the cameras."""
        return [camera.service for camera in self.cameras]

    @property
    def services(self) -> list[str]:
        """Every service of the rig but the monitoring."""
        return ["redis", *self.servers, "collector", "exporter", "telemetry"]

    def port(self, camera: Camera) -> int:
        """The gRPC port of *camera* on this machine."""
        return self.grpc_port + self.cameras.index(camera)

    def camera(self, name: str) -> Camera:
        """
        Return the camera called *name*; where there is one alone, its name may be left out.

        Raises:
            RigError: If there is no such camera, or it is not clear which one is meant.
        """
        names = ", ".join(camera.name for camera in self.cameras)
        if not name and len(self.cameras) > 1:
            raise RigError(f"Which camera? CAMERA={self.cameras[0].name}; there are {names}.")
        for camera in self.cameras:
            if name in {"", camera.name}:
                return camera
        raise RigError(f"There is no camera {name}; there are {names}.")

    def variables(self) -> dict[str, str]:
        """The variables that tell collector and exporter which cameras there are."""
        told = {"RIG_PREFIXES": ",".join(camera.name for camera in self.cameras)}
        if len(self.cameras) > _SHOWN_BY_DEFAULT:
            told["VITALRIG_EXPORTER_MAX_CAMERAS"] = str(len(self.cameras))
        return told

    def remember(self, environment: Environment) -> None:
        """
        Note these cameras, for the verbs that come after `up`.
        """
        path = _memory(environment)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def wanted(environment: Environment) -> Fleet:
    """
    Return the cameras that are asked for: by CAMERAS, else by the file CAMERAS_FILE.

    Raises:
        RigError: If they cannot be started so.
    """
    cameras = _listed(environment)
    if device := environment["CAMERA_DEVICE"]:
        cameras = [_with_device(cameras, device)]
    if environment["PHYSIOLOGY_IMAGE"] and len(cameras) > 1:
        raise RigError("PHYSIOLOGY_IMAGE is for a rig with one camera; there are more.")
    return Fleet(tuple(cameras), environment.port("GRPC_PORT"))


def started(environment: Environment) -> Fleet:
    """
    Return the cameras that the rig was started with; those asked for if it never was.
    """
    try:
        memory = json.loads(_memory(environment).read_text(encoding="utf-8"))
        cameras = tuple(Camera(**camera) for camera in memory["cameras"])
        return Fleet(cameras, int(memory["grpc_port"]))
    except (OSError, ValueError, TypeError, KeyError):
        return wanted(environment)


def _listed(environment: Environment) -> list[Camera]:
    if environment["CAMERAS"]:
        count = environment.number("CAMERAS")
        if not 1 <= count <= _MOST:
            raise RigError(f"CAMERAS is {count}; it can be 1 to {_MOST}.")
        return made_up(count)
    path = environment.path("CAMERAS_FILE")
    if not path.is_file():
        return [Camera(DEFAULT_PREFIX)]
    try:
        return parse(path.read_text(encoding="utf-8-sig"), environment["CAMERAS_FILE"])
    except UnicodeDecodeError as exc:
        raise RigError(f"{path} is not text in UTF-8; save it in that encoding.") from exc


def _with_device(cameras: list[Camera], device: str) -> Camera:
    camera, *others = cameras
    if others or camera.device or camera.settings:
        raise RigError(
            "CAMERA_DEVICE is for a rig with one camera of which nothing else is said; "
            "write the devices into config/cameras.yml."
        )
    settings: Mapping[str, str] = {"source": "camera"}
    return replace(camera, device=device, settings=settings)


def _memory(environment: Environment) -> Path:
    return environment.path("DATA_DIR") / "run" / "cameras.json"
