"""`python -m vitalrig.testing`: a rig for tests in other languages."""

import sys

from vitalrig.testing.rig_commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
