"""
Start, watch and stop the rig, under Docker compose or as processes under supervisord.

Run as ``python3 tools/rig <verb>``; the Makefile does. The standard library only, so that it
works on a machine where nothing of ours is installed yet.
"""

import sys
from pathlib import Path

# What the rig shares with the commands that it puts into an environment; it runs before there is
# one, with the interpreter of the system.
sys.path.append(str(Path(__file__).resolve().parents[2] / "libs"))
