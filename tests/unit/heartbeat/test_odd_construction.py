"""Odd windows and shapes, given to the constructor."""

import pytest

from tests.support.refusals import refused
from vitalrig.heartbeat import Heartbeat


@pytest.mark.parametrize("window_size", [0, -1])
def test_a_window_has_beats(window_size):
    """
    No window without beats.
    """
    refused(ValueError, "window_size must be > 0", Heartbeat, window_size)


@pytest.mark.parametrize("window_size", [1.1, 2.0])
def test_a_window_size_is_an_integer(window_size):
    """
    Also 2.0 is none.
    """
    text = "'float' object cannot be interpreted as an integer"
    refused(TypeError, text, Heartbeat, window_size)


@pytest.mark.parametrize("window_size", ["3", None])
def test_a_window_size_can_be_compared_with_a_number(window_size):
    """
    What is no number at all is a TypeError, too.
    """
    with pytest.raises(TypeError, match="'<='"):
        Heartbeat(window_size)


def test_true_is_a_window_of_one():
    """
    A bool is an integer in Python.
    """
    assert 1 == Heartbeat(True).window_size


@pytest.mark.parametrize("time_shape", [0, 3, "1", None])
def test_time_has_one_or_two_values(time_shape):
    """
    No other shape of time.
    """
    refused(ValueError, "time_shape must be 1 or 2", Heartbeat, 1, time_shape)


@pytest.mark.parametrize("time_shape", [1.0, True])
def test_what_equals_one_is_a_time_shape(time_shape):
    """
    1.0 and True are accepted.
    """
    hbt = Heartbeat(1, time_shape)
    hbt.heartbeat(0, (2,))

    assert (2,) == hbt.get_value()


@pytest.mark.parametrize("fields_shape", [(0,), (-1,), (3,), ("1",), "1"])
def test_fields_have_one_or_two_values(fields_shape):
    """
    No other shape of a field.
    """
    refused(ValueError, "fields_shape values must be 1 or 2", Heartbeat, 1, 1, fields_shape)


def test_fields_shape_is_not_a_number():
    """
    One field is ``(1,)``.
    """
    refused(TypeError, "'int' object is not iterable", Heartbeat, 1, 1, 1)


def test_a_list_of_shapes_stays_a_list():
    """
    It is accepted and given back as a list, and is no longer the caller's own.
    """
    shapes = [1, 2]
    hbt = Heartbeat(1, 1, shapes)
    shapes.append(7)
    hbt.heartbeat(0, (1,), ((1,), (2, 3)))

    assert [1, 2] == hbt.fields_shape


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ((-1.5, 3, (3,)), "window_size must be > 0"),
        ((1.5, 3, (3,)), "time_shape must be 1 or 2"),
        ((1.5, 1, (3,)), "fields_shape values must be 1 or 2"),
    ],
)
def test_the_constructor_checks_in_a_fixed_order(args, text):
    """
    Sign of the window, time, fields; a window that is no integer last.
    """
    refused(ValueError, text, Heartbeat, *args)
