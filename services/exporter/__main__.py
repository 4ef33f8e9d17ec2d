"""`python -m services.exporter`, and the command `vitalrig-exporter`."""

import sys
from collections.abc import Sequence

from services.exporter.app import build
from services.exporter.settings import Settings
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
