"""
What is set: defaults in .env.example, changed by .env, changed by the environment.
"""

import difflib
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig import addresses, pinned_images
from rig.errors import RigError
from vitalrig import dotenv

HIGHEST_PORT = 65535
_UNPRIVILEGED_ID = "10001"
# Where distributions keep the certificates that this machine trusts.
_CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
# Besides the rig's own names, .env may hold what the services, Docker and builds read.
_PASSED_ON = ("VITALRIG_", "COMPOSE_", "DOCKER_", "BUILDKIT_")
_ON = {"1", "true", "yes", "on"}
_OFF = {"", "0", "false", "no", "off"}
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Environment:
    """
    The rig's variables, all of them, with what was not set filled in.

    Attributes:
        root: The checkout.
        values: Name to value, as text.
    """

    root: Path
    values: Mapping[str, str]

    def __getitem__(self, name: str) -> str:
        """The value of *name*; empty where it is set to nothing."""
        return self.values[name]

    def flag(self, name: str) -> bool:
        """
        Whether *name* is switched on.

        Raises:
            RigError: If it is neither on nor off.
        """
        value = self[name].lower()
        if value not in _ON | _OFF:
            raise RigError(f"{name} is {self[name]!r}; it can be 1 for on, or 0 or empty for off.")
        return value in _ON

    def number(self, name: str) -> int:
        """
        The value of *name* as a whole number that is not negative.

        Raises:
            RigError: If it is none.
        """
        if not re.fullmatch(r"[0-9]+", self[name]):
            raise RigError(f"{name} is {self[name]!r}, which is not a number.")
        return int(self[name])

    def port(self, name: str) -> int:
        """
        The value of *name* as a port.

        Raises:
            RigError: If it is none.
        """
        port = self.number(name)
        if not 1 <= port <= HIGHEST_PORT:
            raise RigError(f"{name} is {port}; a port is between 1 and {HIGHEST_PORT}.")
        return port

    def path(self, name: str) -> Path:
        """The value of *name* as a full path; relative ones begin at the checkout."""
        return (self.root / Path(self[name]).expanduser()).resolve()

    @property
    def host(self) -> str:
        """Where programs on this machine reach what is opened, as it is written before a port."""
        return addresses.before_port(addresses.reached(self["BIND_ADDRESS"]))

    @property
    def sessions(self) -> Path:
        """Where session files are, in both modes."""
        return self.path("DATA_DIR") / "sessions"

    @property
    def spool(self) -> Path:
        """Where the server keeps what it could not send yet, in both modes."""
        return self.path("DATA_DIR") / "spool"

    @property
    def telemetry(self) -> Path:
        """Where events are, in both modes."""
        return self.path("DATA_DIR") / "telemetry"

    def for_programs(self) -> dict[str, str]:
        """The environment of a program that is started: ours over that of this process."""
        paths = {name: str(self.path(name)) for name in ("DATA_DIR", "SECRETS_DIR")}
        # Also where somebody has turned it off: services/Dockerfile needs this builder.
        return {**os.environ, **self.values, **paths, "DOCKER_BUILDKIT": "1"}


def load(root: Path, environ: Mapping[str, str]) -> Environment:
    """
    Read the variables for the checkout at *root*.

    ``RIG_ENV_FILE`` in *environ* names another file than .env, which tests use.

    Raises:
        RigError: If a file has a line that is not understood, or a name that nobody knows.
    """
    path = Path(environ.get("RIG_ENV_FILE") or root / ".env")
    try:
        defaults = dotenv.read(root / ".env.example", environ)
        own = dotenv.read(path, environ) if path.is_file() else {}
        images = own.get("IMAGES_FILE") or environ.get("IMAGES_FILE")
        pinned = pinned_images.read(root / Path(images).expanduser()) if images else {}
    except dotenv.BadEnvFile as exc:
        raise RigError(str(exc)) from exc
    for name in own:
        if name not in defaults and name not in _PROXIES and not name.startswith(_PASSED_ON):
            close = difflib.get_close_matches(name, defaults, n=1)
            hint = f" Did you mean {close[0]}?" if close else ""
            raise RigError(
                f"{path.name} sets {name}, which the rig does not know.{hint} "
                "All variables are in .env.example."
            )
    known = {
        name: value
        for name, value in environ.items()
        # Set to nothing is not set: make exports its variables whether they are given or not.
        if value and (name in defaults or name.startswith(_PASSED_ON) or name in own)
    }
    values = defaults | pinned | own | known
    return Environment(root, values | _looked_up(values, environ))


def _looked_up(values: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """What an empty variable means, where that depends on the machine."""
    ours = str(os.getuid()) if os.getuid() else _UNPRIVILEGED_ID
    our_group = str(os.getgid()) if os.getuid() else _UNPRIVILEGED_ID
    bundles = (environ.get("PIP_CERT"), environ.get("SSL_CERT_FILE"), *_CA_BUNDLES)
    return {
        "BIND_ADDRESS": addresses.bound(values["BIND_ADDRESS"] or "127.0.0.1"),
        "COMPOSE_PROJECT_NAME": values["COMPOSE_PROJECT_NAME"] or "vitalrig",
        "RIG_UID": values["RIG_UID"] or ours,
        "RIG_GID": values["RIG_GID"] or our_group,
        "CA_BUNDLE": values["CA_BUNDLE"]
        or next((path for path in bundles if path and Path(path).is_file()), "/dev/null"),
        "PIP_CONF": values["PIP_CONF"] or "/dev/null",
    }


def group_of(device: str) -> str:
    """
    Return the number of the group that owns *device*; empty if it is none.
    """
    try:
        found = Path(device).stat()
    except OSError:
        return ""
    return str(found.st_gid) if stat.S_ISCHR(found.st_mode) else ""
