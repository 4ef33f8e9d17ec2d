"""
What a beat's time and fields must be, and what is said when they are not.

The texts and types of errors are those of the heartbeat interface that callers know. Beyond it,
values must be finite: one NaN in a sum would be there for ever.
"""

from collections.abc import Iterable
from math import isfinite
from numbers import Rational, Real
from operator import index
from typing import Any, NamedTuple

_TIME_SHAPE = "time must have the same shape as specified in time_shape"
_FIELDS_SHAPE = "fields must have the same shape as specified in fields_shape"


class Marked(NamedTuple):
    """
    A tag, and which of the values came as lists: bit 0 is time, bit 1 the first field.
    """

    tag: Any
    lists: int


def checked_row(
    tag: object,
    time: Any,  # noqa: ANN401 - callers pass anything; the error says what is wrong
    fields: Any,  # noqa: ANN401
    time_shape: int,
    fields_shape: tuple[int, ...],
) -> tuple[Any, ...]:
    """
    Look at one beat closely.

    Returns:
        Its tag, marked if it holds lists, and its numbers in one row.

    Raises:
        TypeError: If a value is not a real number.
        ValueError: If a shape is wrong, time does not pass, or a value is not finite.
    """
    if len(time) != time_shape:
        raise ValueError(_TIME_SHAPE)
    if time_shape == 1 and time[0] <= 0:
        raise ValueError("elapsed time must be > 0")
    if time_shape > 1 and time[1] - time[0] <= 0:
        raise ValueError("time end must be > time start")
    fields = () if fields is None else tuple(fields)
    if len(fields) != len(fields_shape):
        raise ValueError(_FIELDS_SHAPE)
    if any(len(field) != shape for field, shape in zip(fields, fields_shape, strict=True)):
        raise ValueError(_FIELDS_SHAPE)
    numbers: list[Any] = []
    for name, field in (("time", time), *(("fields", field) for field in fields)):
        parts = [field[at] for at in range(len(field))]
        amount = 0 + (parts[0] if len(parts) == 1 else parts[1] - parts[0])
        _refuse_unless_finite(name, (*parts, amount))
        numbers += parts
    lists = sum(1 << at for at, field in enumerate((time, *fields)) if isinstance(field, list))
    return (Marked(tag, lists) if lists else tag, *numbers)


def _refuse_unless_finite(name: str, parts: Iterable[object]) -> None:
    for part in parts:
        if not isinstance(part, Real):
            raise TypeError(f"{name} must hold real numbers, not {type(part).__name__}")
        if not (isinstance(part, Rational) or isfinite(part)):
            raise ValueError(f"{name} must be finite, not {part}")


def checked_shapes(
    window_size: Any,  # noqa: ANN401
    time_shape: Any,  # noqa: ANN401
    fields_shape: Any,  # noqa: ANN401
) -> tuple[int, int, tuple[int, ...]]:
    """
    Look at what a heartbeat is to be made of.

    Raises:
        TypeError: If *window_size* is not an integer or *fields_shape* cannot be iterated over.
        ValueError: If *window_size* is not positive or a shape is neither 1 nor 2.
    """
    if window_size <= 0:
        raise ValueError("window_size must be > 0")
    if time_shape not in (1, 2):
        raise ValueError("time_shape must be 1 or 2")
    shapes = () if fields_shape is None else tuple(fields_shape)
    if any(shape not in (1, 2) for shape in shapes):
        raise ValueError("fields_shape values must be 1 or 2")
    return int(index(window_size)), int(time_shape), tuple(map(int, shapes))
