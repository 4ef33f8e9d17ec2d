"""
Plot a session's summary in six panels, in a window and as metrics_plot.png.

    python samples/plot_metrics.py --summary_file ./metrics_summary.json

Given the path that sessions were named after, as here, it plots the newest of them.
Needs the extra `plot` (`pip install '.[plot]'` in a checkout).
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from smartspectra.ipc.storage.session_paths import check_session_id
from vitalrig.errors import InvalidState, VitalrigError
from vitalrig.harmless import harmless
from vitalrig.sessions.plotting import plot
from vitalrig.sessions.reading.open import open_summary
from vitalrig.sessions.store.summary_reader import read_meta


def main(argv: list[str] | None = None) -> int:
    """Plot what the command line names; gives the exit status."""
    parser = argparse.ArgumentParser(description="Plot a session's summary.")
    parser.add_argument(
        "--summary_file",
        type=Path,
        default=Path("metrics_summary.json"),
        help="the summary, or the path that the sessions' were named after",
    )
    given: Path = parser.parse_args(argv).summary_file
    picture = Path(plot.DEFAULT_NAME)
    try:
        summary = meant_by(given)
        if summary != given:
            print(harmless(f"plotting {summary}, the newest session"))
        session = open_summary(summary)
        # As documented, the picture of an earlier session is replaced.
        plot.save(session, picture, force=True)
        print(f"saved {picture}")
        plot.show(session)
    except InvalidState as exc:
        print(exc)
    except (VitalrigError, OSError) as exc:
        print(f"plot_metrics: {harmless(exc)}", file=sys.stderr)
        return 1
    return 0


def meant_by(given: Path) -> Path:
    """
    The summary that *given* means: itself, if it is a session's, else the newest session's.

    What lies at the path that sessions were named after came outside of recordings.
    """
    if given.exists() and read_meta(given).get("session_id") is not None:
        return given
    return max(sessions_of(given), key=began_ms, default=given)


def sessions_of(base: Path) -> Iterator[Path]:
    """The sessions' summaries named after *base*; `metrics_summary` may be `metrics` in them."""
    begins = {f"{base.stem}_", f"{base.stem.removesuffix('_summary')}_"}
    for path in base.parent.iterdir():
        ids = [path.stem.removeprefix(begin) for begin in begins if path.stem.startswith(begin)]
        if path.suffix == ".json" and path.stem != base.stem and any(map(is_session, ids)):
            yield path


def is_session(name: str) -> bool:
    """Tell a session's id from snapshot_temp, manifest and what was set aside."""
    try:
        check_session_id(name)
    except ValueError:
        return False
    return True


def began_ms(summary: Path) -> float:
    """When the session began; one that cannot be read is older than all others."""
    try:
        return float(read_meta(summary)["started_at_ms"])
    except (VitalrigError, OSError, KeyError, TypeError, ValueError):
        return float("-inf")


if __name__ == "__main__":
    sys.exit(main())
