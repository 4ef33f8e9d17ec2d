"""A session at a glance, in six panels: four traces, their z-scores, their timing."""

from pathlib import Path

from vitalrig.errors import BadRequest, InvalidState
from vitalrig.sessions.errors import extra
from vitalrig.sessions.plotting.traces import Trace, traces_of
from vitalrig.sessions.reading.series import FIRST_US, LAST_US, RecordedSession
from vitalrig.sessions.reading.words import date_and_time, length
from vitalrig.sessions.store.atomic_output import atomic_output
from vitalrig.sessions.store.session_files import PICTURES

with extra("plot"):
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, DateFormatter
    from matplotlib.figure import Figure

    from vitalrig.sessions.plotting.panels import draw_steps, draw_trace, draw_z_scores

DEFAULT_NAME = "metrics_plot.png"
DOTS_PER_INCH = 150

_PANELS = 6
_INCHES = (14, 16)
_US_PER_DAY = 86_400e6
_WALL_CLOCK_US = 631_152_000_000_000
"""The year 1990. Times before it were counted from the start of a capture."""

_BANNERS = {
    "synthetic": "SYNTHETIC: made-up signals, nobody was measured",
    "replay": "REPLAY: measured at another time",
}


def draw(session: RecordedSession, target: Figure) -> None:
    """
    Draw a session into an empty figure.

    Raises:
        Unreadable: If the session's summary is damaged.
    """
    target.set_size_inches(*_INCHES)
    traces = traces_of(session)
    panels = target.subplots(_PANELS, 1, sharex=True)
    for style, trace in enumerate(traces):
        draw_trace(panels[style], trace, style)
    draw_z_scores(panels[4], traces)
    draw_steps(panels[5], traces)
    _label_times(panels[5], traces)
    target.suptitle(_heading(session), fontsize=14, fontweight="bold", y=0.99)
    _mark(target, session.source)
    target.subplots_adjust(left=0.075, right=0.985, top=0.93, bottom=0.05, hspace=0.3)


def save(session: RecordedSession, path: Path = Path(DEFAULT_NAME), *, force: bool = False) -> None:
    """
    Draw a session into the kind of file that *path* ends with; a PNG has 150 dots per inch.

    Raises:
        BadRequest: If that is not a kind of picture, or *path* exists and *force* is not given.
        Unreadable: If the session's summary is damaged.
        OSError: If it cannot be written.
    """
    if path.suffix not in PICTURES:
        raise BadRequest(f"{path} is not a picture; it ends with one of {', '.join(PICTURES)}")
    with atomic_output(path, force=force) as partial:
        target = Figure()
        FigureCanvasAgg(target)
        draw(session, target)
        target.savefig(partial, dpi=DOTS_PER_INCH, format=path.suffix[1:])


def show(session: RecordedSession) -> None:
    """
    Draw a session in a window, and wait until it is closed.

    Raises:
        InvalidState: If there is no screen to draw on.
        Unreadable: If the session's summary is damaged.
    """
    # Looks for a screen when it is imported, which saving to a file must not depend on.
    from matplotlib import pyplot as plt  # noqa: PLC0415

    target = plt.figure(session.name)
    if plt.get_backend().lower() == "agg":  # what it falls back to without one
        plt.close(target)
        raise InvalidState("there is no screen to show the plot on; it can be saved as a file")
    draw(session, target)
    plt.show()


def _label_times(axes: Axes, traces: list[Trace]) -> None:
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=5, maxticks=12))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%H:%M:%S"))  # type: ignore[no-untyped-call]
    stamps = [trace.samples.timestamps_us for trace in traces if len(trace)]
    if stamps and min(each[0] for each in stamps) < _WALL_CLOCK_US:
        axes.set_xlabel("time since the start of the capture (HH:MM:SS)")
    else:
        axes.set_xlabel("time, UTC (HH:MM:SS)")
    if not stamps:
        axes.set_xticks([])
    low, high = axes.get_xlim()
    axes.set_xlim(max(low, FIRST_US / _US_PER_DAY), min(high, LAST_US / _US_PER_DAY))


def _heading(session: RecordedSession) -> str:
    meta, parts = session.meta, [f"Session {session.name}"]
    if "started_at_ms" in meta:
        parts.append(f"{date_and_time(meta['started_at_ms'])} UTC")
    if "duration_seconds" in meta:
        parts.append(length(meta["duration_seconds"]))
    return "   ".join([*parts, f"source: {session.source}"])


def _mark(target: Figure, source: str) -> None:
    """Whoever sees the picture alone must see what the numbers are made of."""
    if source in _BANNERS:
        target.text(
            0.5, 0.968, _BANNERS[source], ha="center", va="top", fontsize=11, color="white",
            bbox={"facecolor": "#B00020", "edgecolor": "none", "pad": 4},
        )  # fmt: skip
    note = "For research; not a medical device."
    target.text(0.985, 0.006, note, ha="right", va="bottom", fontsize=8, color="0.4")
