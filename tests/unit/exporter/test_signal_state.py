"""Whether a number can be relied upon now."""

import pytest

from services.exporter.camera_view import CameraView, Recording
from services.exporter.exported_signals import EXPORTED_SIGNALS
from vitalrig.newest_sample import Sample
from vitalrig.signal_state import MEANINGS, STATES, SUBJECT_GONE, state_of

PULSE = EXPORTED_SIGNALS[0]
NOW_US = 1_760_000_000_000_000
LIMIT_S = 10


def a_view(age_s=1.0, value=71.5, stable=True, **more):
    sample = Sample(NOW_US - round(age_s * 1_000_000), age_s, value, 5, stable, 0.9)
    fields = {"status": "OK", "series": {PULSE.series[0]: sample}} | more
    return CameraView("physiology", NOW_US, recording=Recording(active=True), **fields)


def state(view, age_s=0.0):
    return state_of(PULSE, view, age_s, LIMIT_S)


def test_a_fresh_stable_number_is_valid():
    """
    The only state in which a number is shown.
    """
    assert "valid" == state(a_view())


def test_of_two_servers_under_one_prefix_no_number_is_valid():
    """
    Nobody can tell whose it is.
    """
    assert "held" == state(a_view(conflict=True))


def test_a_number_of_which_nobody_says_whether_it_is_stable_is_valid():
    """
    Traces and other collectors' files do not say.
    """
    assert "valid" == state(a_view(stable=None))


def test_a_signal_that_never_came_is_settling():
    """
    Before the first number there is no number.
    """
    assert "settling" == state(a_view(series={}))


def test_a_signal_whose_newest_number_is_none_is_settling():
    """
    NaN is not a measurement.
    """
    assert "settling" == state(a_view(value=None))


@pytest.mark.parametrize(("age_s", "expected"), [(10.0, "valid"), (10.000_001, "stale")])
def test_a_number_is_stale_from_its_limit_on(age_s, expected):
    """
    Stale never looks live, and the limit is exact.
    """
    assert expected == state(a_view(age_s=age_s))


def test_a_number_of_a_session_that_has_ended_is_stale():
    """
    What another collector left behind is not live, however new.
    """
    assert "stale" == state(a_view(ended=True))


def test_an_unstable_number_is_held():
    """
    The server itself does not trust it.
    """
    assert "held" == state(a_view(stable=False))


def test_an_old_unstable_number_is_stale():
    """
    Age goes before what was once said of it.
    """
    assert "stale" == state(a_view(age_s=11, stable=False))


@pytest.mark.parametrize("status", SUBJECT_GONE)
def test_without_a_person_every_signal_is_lost(status):
    """
    A number from before the person left is not theirs any more.
    """
    assert ["lost"] * len(EXPORTED_SIGNALS) == [
        state_of(signal, a_view(status=status), 0.0, LIMIT_S) for signal in EXPORTED_SIGNALS
    ]


def test_the_first_name_of_a_series_that_is_there_counts():
    """
    Documents of the vendor use other names; ours go before.
    """
    ours, theirs = (Sample(NOW_US, 0.0, value, 1) for value in (71.5, 64.5))
    series = {"core_metrics/pulse.rate": ours, "core_metrics/pulse.strict": theirs}

    assert "valid" == state(a_view(series={"core_metrics/pulse.strict": theirs}))
    assert "settling" == state(
        a_view(series=series | {"core_metrics/pulse.rate": Sample(NOW_US, 0.0, None, 1)})
    )


def test_every_state_has_its_meaning_in_the_docs():
    """
    docs/reference/metrics.md is written from these.
    """
    assert set(STATES) == set(MEANINGS)


def test_a_sample_ages_with_the_report_that_it_is_in():
    """
    Six seconds old when it was reported, five seconds ago: that is too old.
    """
    assert ("valid", "stale") == (state(a_view(age_s=6.0), 4.0), state(a_view(age_s=6.0), 4.1))
