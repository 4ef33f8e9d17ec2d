"""
Plot a session's summary in six panels, in a window and as metrics_plot.png.

    python samples/plot_metrics.py --summary_file ./metrics_summary.json

Needs the extra `plot` (`pip install '.[plot]'` in a checkout).
"""

import argparse
import sys
from pathlib import Path

from smartspectra.ipc.session_files import check_session_id
from vitalrig.errors import NotPossibleNow, VitalrigError
from vitalrig.harmless import harmless
from vitalrig.sessions import plot
from vitalrig.sessions.read import open_summary


def main(argv: list[str] | None = None) -> int:
    """Plot what the command line names; gives the exit status."""
    parser = argparse.ArgumentParser(description="Plot a session's summary.")
    parser.add_argument(
        "--summary_file", type=Path, default=Path("metrics_summary.json"), help="the summary"
    )
    summary: Path = parser.parse_args(argv).summary_file
    picture = Path(plot.DEFAULT_NAME)
    try:
        session = open_summary(summary)
        if session.meta.get("session_id") is None:
            tell_of_sessions(summary)
        # As documented, the picture of an earlier session is replaced.
        plot.save(session, picture, force=True)
        print(f"saved {picture}")
        plot.show(session)
    except NotPossibleNow as exc:
        print(exc)
    except (VitalrigError, OSError) as exc:
        print(f"plot_metrics: {harmless(exc)}", file=sys.stderr)
        if not summary.exists():
            tell_of_sessions(summary)
        return 1
    return 0


def tell_of_sessions(base: Path) -> None:
    """
    Name the sessions, if *base* is only the path that they were named after.

    What lies there itself came outside of recordings.
    """
    stem = f"{base.stem}_"
    sessions = sorted(
        path
        for path in base.parent.glob("*.json")
        if path.stem.startswith(stem) and is_session(path.stem.removeprefix(stem))
    )
    if sessions:
        lines = [f"{base} is no session's summary; these are:", *sessions]
        print(*map(harmless, lines), sep="\n  ", file=sys.stderr)


def is_session(name: str) -> bool:
    """Tell a session's id from snapshot_temp, manifest and what was set aside."""
    try:
        check_session_id(name)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
