"""What a fixture that is a factory takes: what the function behind it takes, told by name."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from vitalrig.errors import BadRequest
from vitalrig.nearest import did_you_mean


def all_arguments(
    fixture: str, behind: Callable[..., Any], *given: object, **named: object
) -> Mapping[str, Any]:
    """
    Give all that *behind* would be called with, also what is not given.

    Args:
        fixture: What the factory is called.
        behind: The function behind it.
        given: Its arguments by position.
        named: Its arguments by name.

    Raises:
        BadRequest: If there is no argument of such a name; the text has the nearest.
    """
    known = inspect.signature(behind).parameters
    if not any(each.kind is each.VAR_KEYWORD for each in known.values()):
        for name in named:
            if name not in known:
                hint = did_you_mean(name, known) or f"; it takes {', '.join(known)}"
                raise BadRequest(f"{fixture} has no argument {name}{hint}")
    bound = inspect.signature(behind).bind(*given, **named)
    bound.apply_defaults()
    return bound.arguments
