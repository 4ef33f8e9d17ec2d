"""
The way in for a beat: a function made to measure for the shapes of its time and fields.

A beat must cost little, and checking shapes in a loop costs more than all the rest. So the checks
are written out as Python source for the shapes at hand and compiled, as ``dataclasses`` does. For
``time_shape=1``, ``fields_shape=(1, 2)`` and a clock it reads::

    def beat(tag, time, fields=None):
        fine = False
        if type(fields) is tuple:
            try:
                f1, f2, = fields
                a0, = time
                a1, = f1
                a2, b2, = f2
                fine = (
                    type(time) is tuple and type(f1) is tuple and type(f2) is tuple
                    and a0 > 0
                    and isinstance(total := 0.0 + a0 + a1 + (b2 - a2), float)
                    and -inf < total < inf
                )
            except Exception:
                pass
        if fine:
            extend((tag, clock(), a0, a1, a2, b2))
        else:
            extend(closely(tag, time, fields))
        if len(rows) >= limit:
            settle()

One sum finds NaN, infinity and whatever is not a number. What is not fine may still be right (lists
as values, integers beyond all floats): ``closely`` decides, and raises the error if there is one.

Threads: ``list.extend`` of a tuple is one step under CPython's global interpreter lock, so beats of
many threads are put down whole, one after the other, without a lock of ours. (An interpreter
without that lock is not supported.)
"""

from collections.abc import Callable, Iterable
from math import inf
from typing import Any, Protocol

from vitalrig.heartbeat._engine.arguments import checked_row
from vitalrig.heartbeat.records import HeartbeatFieldValue, HeartbeatIdentifier


class Beat(Protocol):
    """
    Issues a heartbeat.
    """

    def __call__(
        self,
        tag: HeartbeatIdentifier,
        time: HeartbeatFieldValue,
        fields: Iterable[HeartbeatFieldValue] | None = None,
    ) -> None:
        """
        Issue a heartbeat: one unit of work is done.

        Args:
            tag: The caller's name for it, most likely a number of its own.
            time: ``(elapsed,)`` or ``(start, end)``, as ``time_shape`` says; time must pass.
            fields: For each field ``(total,)`` or ``(start, end)``, as ``fields_shape`` says.

        Raises:
            TypeError: If a value is not a real number.
            ValueError: If a shape is wrong, no time passes, or a value is not finite.
        """


def make_fast_beat(
    time_shape: int,
    fields_shape: tuple[int, ...],
    clock: Callable[[], float] | None,
    rows: list[Any],
    limit: int,
    settle: Callable[[], None],
) -> Beat:
    """
    Make the function that checks a beat and puts it down in *rows*.

    Args:
        time_shape: 1 or 2.
        fields_shape: 1 or 2 for each field.
        clock: Stamps each beat; None for no stamps.
        rows: Where beats wait, one row of entries after the other.
        limit: Length of *rows* from which *settle* is called.
        settle: Empties *rows*, sooner or later.
    """

    def closely(tag: object, time: object, fields: object) -> tuple[Any, ...]:
        tag, *numbers = checked_row(tag, time, fields, time_shape, fields_shape)
        return (tag, *numbers) if clock is None else (tag, clock(), *numbers)

    scope: dict[str, Any] = {
        "clock": clock,
        "closely": closely,
        "extend": rows.extend,
        "inf": inf,
        "limit": limit,
        "minus_inf": -inf,
        "rows": rows,
        "settle": settle,
    }
    # The source holds names and numbers of this module only, nothing that a caller passed.
    exec(_source(time_shape, fields_shape, stamped=clock is not None), scope)  # noqa: S102
    beat: Beat = scope["beat"]
    return beat


def _source(time_shape: int, fields_shape: tuple[int, ...], *, stamped: bool) -> str:
    shapes = (time_shape, *fields_shape)
    fields = [f"f{at}" for at in range(1, len(shapes))]
    parts = [[f"a{at}", f"b{at}"][:shape] for at, shape in enumerate(shapes)]
    amounts = [part[0] if len(part) == 1 else f"({part[1]} - {part[0]})" for part in parts]
    unpack = [
        f"{', '.join(part)}, = {name}" for part, name in zip(parts, ["time", *fields], strict=True)
    ]
    if fields:
        unpack.insert(0, f"{', '.join(fields)}, = fields")
    row = ["tag", *(["clock()"] if stamped else []), *(name for part in parts for name in part)]
    classes = " and ".join(f"type({name}) is tuple" for name in ["time", *fields])
    newline = "\n            "
    return f"""
def beat(tag, time, fields=None):
    fine = False
    if {"type(fields) is tuple" if fields else "fields is None"}:
        try:
            {newline.join(unpack)}
            fine = (
                {classes}
                and {amounts[0]} > 0
                and isinstance(total := 0.0 + {" + ".join(amounts)}, float)
                and {"minus_inf < " if fields else ""}total < inf
            )
        except Exception:
            pass
    if fine:
        extend(({", ".join(row)}))
    else:
        extend(closely(tag, time, fields))
    if len(rows) >= limit:
        settle()
"""
