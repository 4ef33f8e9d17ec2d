"""The window that rates are estimated from."""

import pytest

from services.physiology_server.signals.sample_window import SampleWindow


def test_it_holds_what_is_no_older_than_the_window():
    """
    To the last sample: one that is as old as the window is in it.
    """
    window = SampleWindow(2.0)

    for number in range(1_000):
        window.add(number / 4, float(number))

    times_s, values = window.columns()
    assert [number / 4 for number in range(991, 1_000)] == times_s.tolist()
    assert list(map(float, range(991, 1_000))) == values.tolist()


def test_columns_stay_as_they_were_when_samples_are_added():
    """
    They are copies, and hold nothing up.
    """
    window = SampleWindow(1.0)
    window.add(0.0, 1.0)
    times_s, values = window.columns()

    window.add(0.5, 2.0)

    assert ([0.0], [1.0]) == (times_s.tolist(), values.tolist())
    assert [1.0, 2.0] == window.columns()[1].tolist()


def test_a_window_that_was_cleared_is_empty():
    """
    Until the next sample.
    """
    window = SampleWindow(1.0)
    window.add(0.0, 1.0)

    window.clear()

    assert [0, 0] == list(map(len, window.columns()))
    window.add(9.0, 3.0)
    assert pytest.approx([3.0]) == window.columns()[1].tolist()
