"""Where the rig keeps what it records."""

import os
from collections.abc import Mapping
from pathlib import Path

from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig import dotenv

ENV_FILE = Path(".env")


def sessions_folder(environ: Mapping[str, str] = os.environ, env_file: Path = ENV_FILE) -> Path:
    """
    Give the folder of session files: that in `DATA_DIR`, or in `data` where nothing is set.

    As for the rig, what the environment says goes before what *env_file* says.

    Raises:
        BadEnvFile: If *env_file* has a line that is not understood.
    """
    data = environ.get("DATA_DIR")
    if not data and env_file.is_file():
        data = dotenv.read(env_file, environ).get("DATA_DIR")
    return Path(data or "data").expanduser() / "sessions"


def camera_folder(camera: str, folder: Path) -> Path:
    """
    Give the folder of one camera's files: *folder* itself for the default camera, else one in it.
    """
    return folder if camera == DEFAULT_PREFIX else folder / camera
