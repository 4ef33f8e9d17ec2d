"""Numbers as they go out."""

import numpy as np
import pytest

from services.physiology_server.signals import wire_samples
from services.physiology_server.signals.wire_samples import shorten_together, shortest
from tests.support.dice import a_dice


@pytest.fixture(autouse=True)
def _nothing_known():
    yield
    shorten_together([])


def alone(values):
    shorten_together([])
    return [shortest(value) for value in values]


def test_values_that_are_shortened_together_are_what_each_is_alone():
    """
    Whatever their size: signals, times in a day, and what no signal ever is.
    """
    dice = a_dice()
    values = [dice.uniform(-1, 1) for _ in range(3_000)]
    values += [dice.uniform(0, 86_400) for _ in range(3_000)]
    values += [number / 30 for number in range(3_000)]
    values += [10 ** dice.uniform(-12, 9) for _ in range(3_000)]
    values += [0.0, -0.0, 1.0, 1e-9, 1e6, 3.4e38, float("inf"), float("-inf")]
    expected = alone(values)

    shorten_together(values)

    assert list(map(repr, expected)) == [repr(shortest(value)) for value in values]


def test_what_is_known_is_not_kept_beyond_the_next_time():
    """
    Memory does not grow with the length of a session.
    """
    shorten_together([0.1, 0.2])
    shorten_together([0.3])

    assert [0.3] == list(wire_samples._shortened)


def test_a_value_that_is_no_number_is_as_before():
    """
    It is no key, since it is not itself.
    """
    shorten_together([float("nan")])

    assert np.isnan(shortest(float("nan")))
