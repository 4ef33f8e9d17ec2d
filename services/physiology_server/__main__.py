"""`python -m services.physiology_server`, and the command `physiology_server`."""

import sys

from services.physiology_server.app import build
from services.physiology_server.settings import Settings
from vitalrig.service import serve

if __name__ == "__main__":
    sys.exit(serve(Settings, build, sys.argv[1:], unknown_flags_warn=True))
