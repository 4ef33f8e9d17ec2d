"""What a fixture that is a factory takes: what the function behind it takes, told by name."""

import inspect
from collections.abc import Callable, Iterable
from typing import Any

from vitalrig.errors import BadRequest
from vitalrig.nearest import did_you_mean


def names_of(behind: Callable[..., Any]) -> list[str]:
    """
    Name what a function takes, in order.
    """
    parameters = inspect.signature(behind).parameters.values()
    return [each.name for each in parameters if each.kind is not each.VAR_KEYWORD]


def refuse_unknown(fixture: str, given: Iterable[str], known: Iterable[str]) -> None:
    """
    See that a factory knows all arguments that it was given by name.

    Raises:
        BadRequest: If it does not; the text has the nearest name.
    """
    known = list(known)
    for name in given:
        if name not in known:
            hint = did_you_mean(name, known) or f"; it takes {', '.join(known)}"
            raise BadRequest(f"{fixture} has no argument {name}{hint}")
