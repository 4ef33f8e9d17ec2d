"""What JSON data may be, so that no event can break a file, an answer or a reader."""

import math
from typing import Any

from pydantic_core import PydanticCustomError, PydanticKnownError

MAX_DEPTH = 100
"""Lists and objects may lie in one another this deep."""

MAX_INTEGER_BITS = 14_000
"""About 4,200 digits: with more of them, Python refuses to read or write an integer."""


def check_json(value: Any) -> Any:  # noqa: ANN401  any JSON
    """
    Give JSON data back if every reader can read it.

    Raises:
        PydanticCustomError: If it is nested too deep, or is no JSON: other types, NaN, infinities,
            lone surrogates, integers of more than about 4,200 digits.
    """
    level, depth = [value], 0
    while level:
        inner: list[Any] = []
        holds = False
        for each in level:
            if isinstance(each, dict):
                holds = True
                _check_keys(each)
                inner.extend(each.values())
            elif isinstance(each, list | tuple):
                holds = True
                inner.extend(each)
            else:
                _check_scalar(each)
        depth += holds
        if depth > MAX_DEPTH:
            raise PydanticCustomError(
                "json_depth",
                "JSON data should be nested at most {max_depth} levels deep",
                {"max_depth": MAX_DEPTH},
            )
        level = inner
    return value


def check_text(text: str) -> str:
    """
    Give a text back if it can be written as UTF-8.

    Raises:
        PydanticKnownError: If it has lone surrogates.
    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise PydanticKnownError("string_unicode") from None
    return text


def harmless_input(value: Any) -> Any:  # noqa: ANN401  any JSON
    """
    Give what a caller sent, for the answer that says what is wrong with it; None if that is unfit.
    """
    try:
        return check_json(value)
    except (PydanticCustomError, PydanticKnownError):
        return None


def _check_keys(found: dict[Any, Any]) -> None:
    for key in found:
        if not isinstance(key, str):
            raise PydanticCustomError("json_type", "Keys should be strings")
        check_text(key)


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise PydanticKnownError("finite_number")
    elif isinstance(value, int):
        if value.bit_length() > MAX_INTEGER_BITS:
            raise PydanticKnownError("int_parsing_size")
    elif value is not None:
        raise PydanticCustomError("json_type", "Input should be JSON data")
