"""`python -m services.exporter`."""

import sys

from services.exporter.app import build
from services.exporter.settings import Settings
from vitalrig.service.serve import serve

if __name__ == "__main__":
    sys.exit(serve(Settings, build, sys.argv[1:]))
