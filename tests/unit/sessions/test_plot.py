"""The plot: what is drawn is what was measured, and a gap is a gap."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tests.support.sessions import CORE, EDGE, START_US, a_session, every, golden_in, samples
from vitalrig.errors import BadRequest, InvalidState
from vitalrig.sessions.plotting import plot, traces
from vitalrig.sessions.plotting.traces import PLOTTED, line, traces_of
from vitalrig.sessions.reading.open import open_session
from vitalrig.sessions.reading.timing import timing_of

FRAME_US = 1e6 / 30


def drawn(session):
    figure = Figure()
    plot.draw(session, figure)
    return figure


def titles(figure):
    return [axes.get_title(loc="left") for axes in figure.axes]


def line_of(times, values):
    series = samples(times, values)
    return line(series, timing_of(series))


def test_the_six_panels_are_the_documented_ones(tmp_path):
    """
    In their order, with sample counts.
    """
    found = titles(drawn(open_session(golden_in(tmp_path))))

    assert [
        "Edge EDA  (25 samples",
        "Edge upper breathing trace  (150 samples",
        "Core phasic blood pressure  (150 samples",
        "Core upper breathing trace  (25 samples",
        "Combined z-scores  (350 samples)",
        "Timestamp differences  (346 intervals)",
    ] == [title.partition(",")[0] for title in found]


def test_titles_tell_the_statistics():
    """
    Rate, mean, standard deviation, range and gaps.
    """
    kept = np.r_[0:100, 160:200]
    session = a_session({(EDGE, "eda"): samples(every(2e5, 200)[kept], kept % 2)})

    assert (
        "Edge EDA  (140 samples, 5 Hz, mean 0.5, SD 0.5, 0 to 1, 1 gap of 12.2 s)"
        == (titles(drawn(session))[0])
    )


@pytest.mark.parametrize(
    ("index", "channel", "name"),
    [
        (index, CORE if signal.channel == "core_metrics" else EDGE, name)
        for index, signal in enumerate(PLOTTED)
        for name in signal.series
    ],
)
def test_a_series_is_found_under_each_of_its_names(index, channel, name):
    """
    The vendor's documents use several.
    """
    session = a_session({(channel, name): samples([START_US], [1.0])})

    assert name == traces_of(session)[index].name


def test_a_gap_is_not_joined():
    """
    A line that crosses it would show values that nobody measured.
    """
    times = np.delete(every(FRAME_US, 300), np.arange(100, 150))
    drawn_times, values = line_of(times, np.ones(250))
    at = np.flatnonzero(np.isnan(values))

    assert ([100], 251) == (at.tolist(), len(drawn_times))


def test_a_long_series_keeps_its_extremes_and_its_gaps(monkeypatch):
    """
    A peak of one sample in eight hours is seen.
    """
    monkeypatch.setattr(traces, "_MOST_POINTS", 100)
    values = np.random.default_rng(1).normal(size=10_000)
    values[7_777] = 50.0
    times = every(FRAME_US, 12_000)
    kept = np.r_[0:5_000, 7_000:12_000]
    _, found = line_of(times[kept], values)

    assert (50.0, values.min(), 1, True) == (
        np.nanmax(found), np.nanmin(found), np.isnan(found).sum(), len(found) < 350,
    )  # fmt: skip


def test_z_scores_have_mean_zero_and_spread_one():
    """
    And a constant series has a line at zero, not a division by it.
    """
    session = a_session(
        {
            (EDGE, "eda"): samples(every(2e5, 50), np.arange(50)),
            (CORE, "phasic"): samples(every(2e5, 50), np.full(50, 3.0)),
        }
    )
    eda, _, phasic, _ = (trace.z_scores.values for trace in traces_of(session))

    assert (pytest.approx(0), pytest.approx(1), 0.0) == (eda.mean(), eda.std(), phasic.max())


@pytest.mark.parametrize(("source", "word"), [("synthetic", "SYNTHETIC"), ("replay", "REPLAY")])
def test_the_picture_says_that_nobody_was_measured_now(source, word):
    """
    Whoever sees it alone must know.
    """
    session = a_session({(EDGE, "eda"): samples([START_US], [1.0])}, source=source)

    assert any(word in text.get_text() for text in drawn(session).texts)


def test_time_is_shown_as_hours_minutes_seconds_and_shared():
    """
    In UTC, on all panels.
    """
    session = a_session({(EDGE, "eda"): samples(every(2e5, 300), np.arange(300))})
    figure = drawn(session)
    figure.draw_without_rendering()
    labels = [label.get_text() for label in figure.axes[5].get_xticklabels()]

    assert (True, 1) == (
        "08:54:00" in labels, len({axes.get_xlim() for axes in figure.axes}),
    )  # fmt: skip


ODD = {
    "nothing": {},
    "one sample": {(EDGE, "eda"): samples([START_US], [0.5])},
    "two samples": {(EDGE, "eda"): samples([START_US, START_US + 1], [0.5, 0.7])},
    "no samples": {(EDGE, "eda"): samples([], [])},
    "all alike": {(CORE, "phasic"): samples(every(FRAME_US, 100), np.zeros(100))},
    "since capture": {(CORE, "phasic"): samples(every(FRAME_US, 100, 0), np.arange(100))},
    "falling times": {(CORE, "phasic"): samples([3e6, 1e6, 1e6, 2e6], [1, 2, 3, 4])},
    "not numbers": {(CORE, "phasic"): samples(every(FRAME_US, 100), np.full(100, np.nan))},
    "breaths": {(EDGE, "eda"): samples(START_US + np.array([0, 3e6, 9e6, 11e6]), [1, 2, 1, 2])},
    "a sample alone": {
        (EDGE, "eda"): samples(
            np.r_[every(2e5, 500), START_US + 2e8, every(2e5, 9) + 3e8], [1] * 510
        )
    },
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_but_valid_session_is_drawn(tmp_path, kind):
    """
    An empty panel is a picture, an error is none.
    """
    plot.save(a_session(ODD[kind]), tmp_path / "odd.png")

    assert (tmp_path / "odd.png").stat().st_size > 0


def test_the_picture_has_150_dots_per_inch(tmp_path):
    """
    As documented.
    """
    plot.save(open_session(golden_in(tmp_path)), tmp_path / "metrics_plot.png")
    with Image.open(tmp_path / "metrics_plot.png") as image:
        found = image.format, round(image.info["dpi"][0]), image.size

    assert ("PNG", 150, (2100, 2400)) == found


def test_a_picture_that_is_there_is_not_replaced(tmp_path):
    """
    Unless that is meant.
    """
    path = tmp_path / "metrics_plot.png"
    path.write_text("another picture")
    with pytest.raises(BadRequest):
        plot.save(a_session({}), path)

    assert "another picture" == path.read_text()


def test_without_a_screen_showing_says_so(monkeypatch):
    """
    Rather than return as if someone had seen it.
    """
    import matplotlib as mpl

    monkeypatch.setattr(mpl, "get_backend", lambda: "agg")
    mpl.use("agg", force=True)
    with pytest.raises(InvalidState, match="no screen"):
        plot.show(a_session({}))
