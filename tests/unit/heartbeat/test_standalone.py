"""
The package needs the standard library and nothing else.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.patience import PATIENCE_S

LIBS = Path(__file__).resolve().parents[3] / "libs"

PROBE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import pkgutil
import vitalrig.heartbeat
begin = "vitalrig.heartbeat."
names = [module.name for module in pkgutil.walk_packages(vitalrig.heartbeat.__path__, begin)]
for name in names:
    __import__(name)
roots = {name.partition(".")[0] for name in sys.modules}
ours = [name for name in sys.modules if name.startswith("vitalrig")]
print(json.dumps([names, sorted(roots - sys.stdlib_module_names), ours]))
"""


def probe():
    command = [sys.executable, "-I", "-S", "-c", PROBE, str(LIBS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    return json.loads(done.stdout)


def test_importing_all_of_it_brings_in_the_standard_library_only():
    """
    An isolated interpreter without site-packages imports every module.
    """
    names, foreign, _ = probe()

    public = {"heartbeat", "records", "logging", "beat_log", "timed", "stall"}
    assert {f"vitalrig.heartbeat.{name}" for name in public} <= set(names)
    assert ["vitalrig"] == [root for root in foreign if root != "__main__"]


def test_it_imports_nothing_else_of_vitalrig():
    """
    The lowest layer stands on no other.
    """
    _, _, ours = probe()

    assert [] == [
        name
        for name in ours
        if name != "vitalrig" and name.split(".")[:2] != ["vitalrig", "heartbeat"]
    ]
