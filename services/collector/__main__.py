"""`python -m services.collector`."""

import sys

from services.collector.app import build
from services.collector.settings import Settings
from vitalrig.service.serve import serve

if __name__ == "__main__":
    sys.exit(serve(Settings, build, sys.argv[1:]))
