"""
Write the dashboards: ``python tools/dashboards [FOLDER]``; the Makefile does.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve()
# Run as a folder, Python puts the folder itself on the path; its parent is where it is found.
sys.path[0] = str(_HERE.parent.parent)

from dashboards import render  # noqa: E402

_FOLDER = _HERE.parents[2] / "config" / "grafana" / "dashboards"


def main(argv: list[str]) -> int:
    """
    Write all dashboards into the folder that *argv* names, and nothing else there.
    """
    folder = Path(argv[0]) if argv else _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    texts = render()
    for path in folder.glob("*.json"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
        print(folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
