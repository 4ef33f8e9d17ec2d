"""The panels of the plot, one function each."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from vitalrig.sessions.errors import extra
from vitalrig.sessions.plotting.traces import Trace, line
from vitalrig.sessions.reading.series import Floats, Samples
from vitalrig.sessions.reading.statistics import statistics_of

with extra("plot"):
    from matplotlib.axes import Axes

_STYLES = (("#0072B2", "o"), ("#D55E00", "s"), ("#009E73", "^"), ("#CC79A7", "D"))
"""Colours told apart by people who see them differently (Okabe and Ito), and shapes beside."""

_FEW_SAMPLES = 200


def draw_trace(axes: Axes, trace: Trace, style: int) -> None:
    """One series by its values, with its count and statistics in the title."""
    axes.grid(visible=True, alpha=0.3)
    if not len(trace):
        axes.set_title(f"{trace.title}: no samples", loc="left", fontsize=11)
        looked_for = f"the session has no {' or '.join(trace.signal.series)}"
        axes.text(
            0.5, 0.5, looked_for, transform=axes.transAxes, ha="center", va="center", color="0.45"
        )
        axes.set_yticks([])
        return
    _draw(axes, trace, trace.samples, style)
    axes.set_ylabel("not calibrated", fontsize=9)
    axes.set_title(f"{trace.title}  ({_in_numbers(trace)})", loc="left", fontsize=11)


def draw_z_scores(axes: Axes, traces: list[Trace]) -> None:
    """All series on one scale."""
    axes.grid(visible=True, alpha=0.3)
    for style, trace in enumerate(traces):
        if len(trace):
            _draw(axes, trace, trace.z_scores, style, label=trace.title)
    count = sum(map(len, traces))
    axes.set_title(f"Combined z-scores  ({count:,} samples)", loc="left", fontsize=11)
    axes.set_ylabel("SD from the mean", fontsize=9)
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.25 * (high - low))  # room for the legend
    _legend(axes, columns=4)


def draw_steps(axes: Axes, traces: list[Trace]) -> None:
    """The time between each sample and the one before: drops and uneven timing stand out."""
    axes.grid(visible=True, alpha=0.3)
    extent_s: list[float] = []
    count = 0
    for style, trace in enumerate(traces):
        stamps = trace.samples.timestamps_us
        steps_s = np.diff(stamps) / 1e6
        if not len(steps_s):
            continue
        count += len(steps_s)
        extent_s += [float(steps_s.min()), float(steps_s.max())]
        whole = replace(trace.timing, gaps=np.empty(0, dtype=np.intp))
        times, values = line(Samples(stamps[1:], steps_s, stamps[1:]), whole)
        colour, marker = _STYLES[style]
        # Series of the same rate lie on each other: later ones are smaller.
        axes.plot(
            times, values, color=colour, linestyle="none", marker=marker,
            markersize=5 - style, markeredgewidth=0,
            label=f"{trace.title}: {_in_words(steps_s)}",
        )  # fmt: skip
    axes.set_title(f"Timestamp differences  ({count:,} intervals)", loc="left", fontsize=11)
    axes.set_ylabel("to the sample before", fontsize=9)
    if extent_s:
        axes.set_yscale("log")
        # Room below for equal intervals, and above for the legend.
        axes.set_ylim(min(extent_s) / 2, max(extent_s) * 12)
        axes.yaxis.set_major_formatter(lambda seconds, _position: _interval(seconds))
        axes.yaxis.set_minor_formatter("")
    _legend(axes, columns=2)


def _draw(axes: Axes, trace: Trace, samples: Samples, style: int, label: str = "") -> None:
    """A line where there is a course of values, and points where a line would hide them."""
    colour, marker = _STYLES[style]
    times, values = line(samples, trace.timing)
    shows_points = not trace.timing.is_signal or len(samples) <= _FEW_SAMPLES
    axes.plot(
        times, values, color=colour, linewidth=1.0, label=label, markersize=3,
        linestyle="-" if trace.timing.is_signal else "none",
        marker=marker if shows_points else "",
    )  # fmt: skip
    lone = _without_neighbours(values)
    if lone.any() and not shows_points:
        axes.plot(times[lone], values[lone], color=colour, linestyle="none", marker=".")


def _without_neighbours(values: Floats) -> NDArray[np.bool_]:
    """Samples between two gaps, of which a line would show nothing."""
    is_gap = np.concatenate([[True], np.isnan(values), [True]])
    lone: NDArray[np.bool_] = is_gap[:-2] & ~is_gap[1:-1] & is_gap[2:]
    return lone


def _in_numbers(trace: Trace) -> str:
    found = statistics_of(trace.samples)
    parts = ["1 sample" if found.count == 1 else f"{found.count:,} samples"]
    if found.rate_hz is not None:
        parts.append(f"{found.rate_hz:.4g} Hz")
    if found.mean is not None:
        parts.append(f"mean {found.mean:.3g}, SD {found.sd:.3g}")
        parts.append(f"{found.minimum:.3g} to {found.maximum:.3g}")
    if found.gaps:
        gaps = "1 gap of" if found.gaps == 1 else f"{found.gaps} gaps, the longest"
        parts.append(f"{gaps} {_interval(found.longest_gap_s)}")
    return ", ".join(parts)


def _in_words(steps_s: Floats) -> str:
    median_s, longest_s = float(np.median(steps_s)), float(steps_s.max())
    return f"median {_interval(median_s)}, longest {_interval(longest_s)}"


def _interval(seconds: float) -> str:
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:,.0f} s"  # noqa: PLR2004


def _legend(axes: Axes, columns: int) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", ncols=columns, fontsize=8, framealpha=0.85)
