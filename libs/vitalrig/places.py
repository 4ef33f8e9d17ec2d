"""Where the rig keeps what it records."""

import os
from collections.abc import Mapping
from pathlib import Path


def sessions_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """
    Give the folder of session files: that in `DATA_DIR`, or in `data` where nothing is set.
    """
    return Path(environ.get("DATA_DIR") or "data").expanduser() / "sessions"
