"""
The optional accelerators, and the one switch between them and the standard library.

Everything else in this package asks :func:`codec` for its JSON, and
:func:`hiredis_module` for hiredis, so both ways give the same results and one
test can run both. ``SMARTSPECTRA_IPC_PLAIN=1`` in the environment, or
:func:`use_extras`, forces the standard library.
"""

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any


def _installed(name: str) -> Any:  # noqa: ANN401
    try:
        return import_module(name)
    except ImportError:
        return None


_ORJSON = _installed("orjson")
_HIREDIS = _installed("hiredis")


@dataclass(frozen=True, slots=True)
class Codec:
    """
    How JSON is read and how columns of numbers become text.

    Attributes:
        name: ``standard`` or ``orjson``.
        loads: Reads one JSON document from UTF-8 bytes. Raises ``ValueError`` or
            ``RecursionError`` for anything else.
        numbers: Writes finite floats as JSON numbers, separated by commas.
    """

    name: str
    loads: Callable[[bytes], Any]
    numbers: Callable[[Sequence[float]], bytes]


_decode = json.JSONDecoder().decode


def _standard_loads(raw: bytes) -> Any:  # noqa: ANN401
    return _decode(raw.decode())


def _standard_numbers(values: Sequence[float]) -> bytes:
    return ",".join(map(float.__repr__, values)).encode()


STANDARD = Codec("standard", _standard_loads, _standard_numbers)


def _orjson_codec() -> Codec:
    parse, dump, refused = _ORJSON.loads, _ORJSON.dumps, _ORJSON.JSONDecodeError

    def loads(raw: bytes) -> Any:  # noqa: ANN401
        try:
            return parse(raw)
        except refused:
            # orjson is stricter in corners (NaN, 1e999, lone surrogates). What
            # counts as an envelope must not depend on what is installed, so the
            # standard library has the last word.
            return _standard_loads(raw)

    def numbers(values: Sequence[float]) -> bytes:
        text: bytes = dump(values if type(values) is list else list(values))
        return text[1:-1]

    return Codec("orjson", loads, numbers)


EXTRA = STANDARD if _ORJSON is None else _orjson_codec()

_PLAIN_ASKED = os.environ.get("SMARTSPECTRA_IPC_PLAIN", "") not in {"", "0"}
_active = STANDARD if _PLAIN_ASKED else EXTRA
_hiredis: ModuleType | None = None if _PLAIN_ASKED else _HIREDIS


def codec() -> Codec:
    """The codec in use."""
    return _active


def hiredis_module() -> ModuleType | None:
    """The hiredis module if it is installed and wanted, else None."""
    return _hiredis


def use_extras(wanted: bool) -> None:
    """
    Use whatever accelerators are installed, or none of them.

    Collectors and readers look the choice up when they work, so it takes effect at
    once; a :class:`RespReader` keeps the parser that it was made with.
    """
    global _active, _hiredis  # noqa: PLW0603
    _active = EXTRA if wanted else STANDARD
    _hiredis = _HIREDIS if wanted else None


@contextmanager
def standard_library_only() -> Iterator[None]:
    """Run a block without accelerators, then restore the choice."""
    before = (_active, _hiredis)
    use_extras(False)
    try:
        yield
    finally:
        _restore(*before)


def _restore(chosen: Codec, module: ModuleType | None) -> None:
    global _active, _hiredis
    _active, _hiredis = chosen, module
