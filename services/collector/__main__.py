"""`python -m services.collector`, and the command `vitalrig-collector`."""

import sys
from collections.abc import Sequence

from services.collector.app import build
from services.collector.settings import Settings
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
