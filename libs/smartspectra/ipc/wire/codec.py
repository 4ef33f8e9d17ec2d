"""
The optional accelerators, and the one switch between them and the standard library.

Everything else in this package asks :func:`codec` for its JSON, and :func:`hiredis_module`
and :func:`msgspec_module` for these, so both ways give the same results and one test can run both.
``SMARTSPECTRA_IPC_PLAIN=1`` in the environment, or
:func:`use_extras`, forces the standard library.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any


@cache
def _installed(name: str) -> Any:  # noqa: ANN401
    try:
        return import_module(name)
    except ImportError:
        return None


_ORJSON = _installed("orjson")


@dataclass(frozen=True, slots=True)
class Codec:
    """
    How JSON is read and how columns of numbers become text.

    Attributes:
        name: ``standard`` or ``orjson``.
        loads: Reads one JSON document from UTF-8 bytes. Raises ``ValueError`` for anything
            else, and ``RecursionError`` for what is nested deeper than :data:`DEEPEST`.
        numbers: Writes finite floats as JSON numbers, separated by commas.
        integers: Writes integers of 64 bits so.
    """

    name: str
    loads: Callable[[bytes], Any]
    numbers: Callable[[Sequence[float]], bytes]
    integers: Callable[[Sequence[int]], bytes]


DEEPEST = 800
"""
Levels of a document. Parsers give up somewhere near a thousand, each at another place, and so does
whatever writes or shows what one of them let through.
"""

_decode = json.JSONDecoder().decode


def _standard_loads(raw: bytes) -> Any:  # noqa: ANN401
    return _not_too_deep(_decode(raw.decode()), raw)


def _not_too_deep(document: Any, raw: bytes) -> Any:  # noqa: ANN401
    """Give *document*, whose text is *raw*."""
    if len(raw) > 2 * DEEPEST and too_deep_among((raw,)):
        level = [document]
        for _ in range(DEEPEST):
            level = [
                child
                for node in level
                for child in (node.values() if type(node) is dict else node)
                if type(child) is dict or type(child) is list
            ]
            if not level:
                return document
        raise RecursionError(f"nested in more than {DEEPEST} levels")
    return document


def too_deep_among(texts: Sequence[bytes]) -> bool:
    """Whether one of them may be nested too deep; nearly every one is too short for that."""
    long = [raw for raw in texts if len(raw) > 2 * DEEPEST]
    return any(raw.count(b"{") + raw.count(b"[") > DEEPEST for raw in long)


def _standard_numbers(values: Sequence[float]) -> bytes:
    return ",".join(map(float.__repr__, values)).encode()


def _standard_integers(values: Sequence[int]) -> bytes:
    return ",".join(map(str, values)).encode()


STANDARD = Codec("standard", _standard_loads, _standard_numbers, _standard_integers)


def _orjson_codec() -> Codec:
    parse, dump, refused = _ORJSON.loads, _ORJSON.dumps, _ORJSON.JSONDecodeError

    def loads(raw: bytes) -> Any:  # noqa: ANN401
        try:
            return _not_too_deep(parse(raw), raw)
        except refused:
            # orjson is stricter in corners (NaN, 1e999, lone surrogates). What
            # counts as an envelope must not depend on what is installed, so the
            # standard library has the last word.
            return _standard_loads(raw)

    def numbers(values: Sequence[float]) -> bytes:
        text: bytes = dump(values if type(values) is list else list(values))
        return text[1:-1]

    return Codec("orjson", loads, numbers, numbers)


EXTRA = STANDARD if _ORJSON is None else _orjson_codec()

_PLAIN_ASKED = os.environ.get("SMARTSPECTRA_IPC_PLAIN", "") not in {"", "0"}
_active = STANDARD if _PLAIN_ASKED else EXTRA
_wanted = not _PLAIN_ASKED


def codec() -> Codec:
    """The codec in use."""
    return _active


def hiredis_module() -> ModuleType | None:
    """The hiredis module if it is installed and wanted, else None."""
    return _installed("hiredis") if _wanted else None


def msgspec_module() -> ModuleType | None:
    """The msgspec module if it is installed and wanted, else None."""
    return _installed("msgspec") if _wanted else None


def use_extras(wanted: bool) -> None:
    """
    Use whatever accelerators are installed, or none of them.

    Collectors and readers look the choice up when they work, so it takes effect at
    once; a :class:`RespReader` keeps the parser that it was made with.
    """
    global _active, _wanted
    _active, _wanted = EXTRA if wanted else STANDARD, wanted


@contextmanager
def standard_library_only() -> Iterator[None]:
    """Run a block without accelerators, then restore the choice."""
    before = _wanted
    use_extras(False)
    try:
        yield
    finally:
        use_extras(before)
