"""`python -m services.telemetry`, and the command `vitalrig-telemetry`."""

import sys
from collections.abc import Sequence

from services.telemetry.app import build
from services.telemetry.settings import Settings
from vitalrig.service.serve import serve


def main(argv: Sequence[str]) -> int:
    """
    Serve until told to stop.

    Returns:
        The exit status.
    """
    return serve(Settings, build, argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
