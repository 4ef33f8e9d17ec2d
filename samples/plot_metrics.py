"""
Plot a session's summary in six panels, in a window and as metrics_plot.png.

    python samples/plot_metrics.py --summary_file ./metrics_summary.json

Needs `pip install 'vitalrig[plot]'`.
"""

import argparse
import sys
from pathlib import Path

from vitalrig.errors import NotPossibleNow, VitalrigError
from vitalrig.sessions import plot
from vitalrig.sessions.read import open_summary


def main(argv: list[str] | None = None) -> int:
    """Plot what the command line names; gives the exit status."""
    parser = argparse.ArgumentParser(description="Plot a session's summary.")
    parser.add_argument(
        "--summary_file", type=Path, default=Path("metrics_summary.json"), help="the summary"
    )
    arguments = parser.parse_args(argv)
    picture = Path(plot.DEFAULT_NAME)
    try:
        session = open_summary(arguments.summary_file)
        # As documented, the picture of an earlier session is replaced.
        plot.save(session, picture, force=True)
        print(f"saved {picture}")
        plot.show(session)
    except NotPossibleNow as exc:
        print(exc)
    except (VitalrigError, OSError) as exc:
        print(f"plot_metrics: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
