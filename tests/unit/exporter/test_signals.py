"""Whether a number can be relied upon now."""

import pytest

from services.exporter.signals import SIGNALS, read_signal

PULSE = SIGNALS[0]
NOW_US = 1_760_000_000_000_000


def a_view(status="OK", age_s=1.0, stable=True):
    sample = {
        "timestamp_us": NOW_US - round(age_s * 1_000_000),
        "value": 71.5,
        "stable": stable,
        "confidence": 0.9,
        "samples": 5,
    }
    return {"status": status, "series": {PULSE.series: sample}}


def state(view):
    return read_signal(PULSE, view, NOW_US, limit_s=10).state


def test_a_fresh_stable_number_is_valid():
    """
    The only state in which a number is shown.
    """
    assert "valid" == state(a_view())


def test_a_signal_that_never_came_is_settling():
    """
    Before the first number there is no number.
    """
    assert "settling" == state({"status": "OK", "series": {}})


def test_an_old_number_is_stale():
    """
    Stale never looks live.
    """
    assert "stale" == state(a_view(age_s=10.1))


def test_an_unstable_number_is_held():
    """
    The server itself does not trust it.
    """
    assert "held" == state(a_view(stable=False))


@pytest.mark.parametrize("status", ["NO_FACES_FOUND", "PROCESSING_NOT_STARTED"])
def test_without_a_person_every_signal_is_lost(status):
    """
    A number from before the person left is not theirs any more.
    """
    assert "lost" == state(a_view(status=status))
