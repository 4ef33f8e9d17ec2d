"""
The door: ``python3 tools/rig <verb>``.
"""

import pathlib
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - old interpreters are what this line is for
    sys.exit(
        "The rig needs Python 3.11 or newer, and this is %d.%d. "  # noqa: UP031
        "Name a newer one: make up PYTHON=python3.12" % sys.version_info[:2]
    )

# Run as a folder, Python puts the folder itself on the path; its parent is where `rig` is found.
sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)

from rig.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
