"""
The cameras of a rig: config/cameras.yml, or as many synthetic ones as CAMERAS says.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rig.errors import RigError
from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.sessions_folder import camera_folder

SERVER = "physiology_server"

# A prefix of Redis's names that is also the name of a container, a program and a folder.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_RESERVED = "vitalrig"  # the rig's own names in Redis begin with it
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_LINE = re.compile(r"(?P<start>-\s+|\s+)(?P<key>[a-z_]+):(?:\s+(?P<value>.*))?")
_SOURCES = ("camera", "video", "synthetic", "replay", "upload")
# What the rig itself says to each server.
_OURS = re.compile(
    r"redis_\w+|listen_address|port|allow_insecure|health_file|metrics_\w+|spool_\w+"
)


@dataclass(frozen=True)
class Camera:
    """
    One camera.

    Attributes:
        name: Its name, and the prefix of its names in Redis.
        device: The camera of this machine that it is; empty for none.
        settings: What its server is told, key to value, beside what all are told.
    """

    name: str
    device: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """The service that measures it."""
        return SERVER if self.name == DEFAULT_PREFIX else f"{SERVER}-{self.name}"

    def sessions(self, folder: Path) -> Path:
        """Where its session files are, in the sessions folder *folder*."""
        return camera_folder(self.name, folder)


def made_up(count: int) -> list[Camera]:
    """
    Return *count* cameras that differ in their seeds.
    """
    others = (
        Camera(f"{DEFAULT_PREFIX}-{n}", settings={"seed": str(n)}) for n in range(2, count + 1)
    )
    return [Camera(DEFAULT_PREFIX), *others]


def parse(text: str, name: str) -> list[Camera]:
    """
    Understand the text of config/cameras.yml, a YAML list of flat mappings.

    Raises:
        RigError: If a line is not understood or cannot be, with its number.
    """
    found: dict[str, Camera] = {}
    lines: dict[str, int] = {}
    devices: dict[str, str] = {}
    for line, given in _mappings(text, name):
        where = f"{name}, line {line}"
        camera = _camera(given, where)
        if camera.name in found:
            raise RigError(
                f"{where}: {camera.name} is the camera of line {lines[camera.name]} as well; "
                "every camera needs a name of its own."
            )
        if camera.device and camera.device in devices:
            raise RigError(f"{where}: {camera.device} is that of {devices[camera.device]} as well.")
        found[camera.name], lines[camera.name] = camera, line
        devices[camera.device] = camera.name
    if not found:
        raise RigError(f"{name} names no camera; one line is enough: - name: {DEFAULT_PREFIX}")
    return list(found.values())


def _mappings(text: str, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each camera's keys, with the line it begins in."""
    given: dict[str, str] = {}
    began = 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.rstrip())
        if match is None or (match["start"][0] != "-" and not began):
            raise RigError(
                f"{name}, line {number} is not understood: {line.strip()}\n"
                "A camera is `- name: ward-1` and lines of `  key: value` below it."
            )
        if match["start"][0] == "-":
            if began:
                yield began, given
            given, began = {}, number
        if match["key"] in given:
            raise RigError(f"{name}, line {number}: {match['key']} is there twice.")
        given[match["key"]] = _scalar(match["value"] or "", f"{name}, line {number}")
    if began:
        yield began, given


def _scalar(raw: str, where: str) -> str:
    text = raw.strip()
    if text[:1] in {"'", '"'}:
        match = re.fullmatch(r"""(['"])([^'"\\]*)\1\s*(?:#.*)?""", text)
        if match is None:
            raise RigError(f"{where}: the quotes do not match: {text}")
        return match[2]
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()


def _camera(given: Mapping[str, str], where: str) -> Camera:
    settings = dict(given)
    name = settings.pop("name", "")
    if not _NAME.fullmatch(name) or name == _RESERVED:
        raise RigError(
            f"{where}: {name!r} cannot be a camera's name, which is a prefix of names in Redis: "
            f"1 to 64 letters, digits and _ . - (not {_RESERVED})."
        )
    if settings.get("source", _SOURCES[0]) not in _SOURCES:
        raise RigError(f"{where}: source is {settings['source']}; it can be {', '.join(_SOURCES)}.")
    device, url = settings.pop("device", ""), settings.pop("url", "")
    if device and url:
        raise RigError(f"{where}: {name} has a device and a url; it can be only one of them.")
    for key in settings:
        if _OURS.fullmatch(key):
            raise RigError(f"{where}: {key} is what the rig says to every server itself.")
    if device:
        settings.setdefault("source", "camera")
    if url:
        if not _URL.fullmatch(url):
            raise RigError(f"{where}: url is {url}; write it whole, such as rtsp://10.0.0.7/stream")
        settings = {"source": "video", "input_path": url} | settings
    return Camera(name, device, settings)
