"""
The cameras as a compose file: a container each, made from docker-compose.yml's physiology_server.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from rig import grpc_door
from rig.cameras import SERVER, Camera
from rig.environment import Environment, group_of
from rig.fleet import Fleet
from rig.grpc_door import GrpcDoor

_SEES_PICTURES = {"camera", "video"}


def render(fleet: Fleet, environment: Environment) -> str:
    """
    Return the text of the file, which is merged into docker-compose.yml.
    """
    door = grpc_door.of_rig(environment)
    lines = ["# Made by `make up` from config/cameras.yml; changes are overwritten.", "services:"]
    for camera in fleet.cameras:
        lines.append(f"  {_yaml(camera.service)}:")
        lines += [f"    {line}" for line in _service(camera, fleet.port(camera), environment, door)]
    if files := {name: {"file": str(path)} for name, path in door.container_files().items()}:
        lines.append(f"secrets: {_yaml(files)}")
    return "\n".join(lines) + "\n"


def _service(camera: Camera, port: int, environment: Environment, door: GrpcDoor) -> Iterator[str]:
    told = {"redis_key_prefix": camera.name, **camera.settings, **door.settings(in_container=True)}
    if door.files:
        yield f"secrets: {_yaml(list(door.container_files()))}"
    if camera.service != SERVER:
        base = {"file": str(environment.root / "docker-compose.yml"), "service": SERVER}
        yield f"extends: {_yaml(base)}"
        yield "build: !reset null"  # the first camera's image
        yield "pull_policy: never"
        bound = {"host_ip": environment["BIND_ADDRESS"], "published": str(port), "target": 50051}
        yield f"ports: !override {_yaml([bound])}"
    if camera.device:
        told["camera_device_index"] = "0"
        # Links such as those by a device's name hold colons, which part the two names here.
        device = os.path.realpath(camera.device)
        yield f"devices: {_yaml([f'{device}:/dev/video0'])}"
        yield f"group_add: {_yaml([environment['VIDEO_GID'] or group_of(camera.device)])}"
    if camera.settings.get("source") in _SEES_PICTURES:
        yield "deploy: {resources: {limits: {memory: 768m}}}"
    names = {f"VITALRIG_PHYSIOLOGY_SERVER_{key.upper()}": told[key] for key in told}
    yield f"environment: {_yaml(names)}"


def _yaml(value: object) -> str:
    """JSON is YAML; compose puts variables in where a dollar is not doubled."""
    return json.dumps(value, ensure_ascii=False).replace("$", "$$")


def write(fleet: Fleet, environment: Environment) -> Path:
    """
    Write the file, and return where it is.
    """
    path = where(environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(fleet, environment), encoding="utf-8")
    return path


def where(environment: Environment) -> Path:
    """
    Return where the file is once the rig was started.
    """
    return environment.path("DATA_DIR") / "run" / "cameras.compose.yml"
