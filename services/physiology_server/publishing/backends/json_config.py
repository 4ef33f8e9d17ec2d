"""The JSON files that the vendor documents for its backends: read with care, written in order."""

import difflib
import json
import logging
import textwrap
from collections.abc import Callable
from dataclasses import MISSING, Field, field, fields
from pathlib import Path
from typing import Any, ClassVar, Self

from vitalrig.errors import BadSettings

log = logging.getLogger(__name__)

OURS = "ours"
"""Mark of a key that the vendor does not document. It is written only where it was changed."""

_WORDS = {bool: "true or false", int: "a whole number", str: "a text"}


def number(default: int, *, least: int, most: int = 2**31 - 1) -> Any:  # noqa: ANN401
    """
    A whole number from *least* to *most*; Any, as with `dataclasses.field`.
    """
    return field(default=default, metadata={"least": least, "most": most})


def text(default: str, *, check: Callable[[str], str | None] | None = None) -> Any:  # noqa: ANN401
    """
    A text; *check* says what is wrong with one, or nothing.
    """
    return field(default=default, metadata={"check": check})


def ours(default: bool) -> Any:  # noqa: ANN401
    """
    A switch that is not the vendor's.
    """
    return field(default=default, metadata={OURS: True})


class JsonConfig:
    """
    What a config of documented keys can do: subclasses are dataclasses that name the keys.

    Attributes:
        usual_name: What the vendor's guide calls such a file.

    Raises:
        BadSettings: If a value cannot work; names the key.
    """

    __slots__ = ()
    usual_name: ClassVar[str]

    def __post_init__(self) -> None:
        """
        Check every value, as `load` does.
        """
        for each in _fields(type(self)):
            if wrong := what_is_wrong(each, getattr(self, each.name)):
                raise BadSettings(f"{each.name} {wrong}")

    @classmethod
    def load(cls, path: Path) -> Self:
        """
        Read the config in *path*. Keys that are not there have their defaults.

        A file with the guide's name that is not there is taken from the one beside it that
        `--save_default_..._config` writes, or else is written with the defaults, so that the
        guide's command lines work in any folder.

        A key nobody knows is a warning that names the nearest known one, since another version
        of the server may know it.

        Raises:
            BadSettings: If the file cannot be read or a value cannot work; names file and key.
        """
        document = _document(cls._found(path))
        known = {each.name: each for each in _fields(cls)}
        for key in document.keys() - known.keys():
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            log.warning("unknown key in a config%s", hint, extra={"file": str(path), "key": key})
        given = {}
        for key in known.keys() & document.keys():
            if wrong := what_is_wrong(known[key], document[key]):
                raise BadSettings(f"{path}: {key} {wrong}")
            given[key] = document[key]
        return cls(**given)

    @classmethod
    def default_name(cls) -> str:
        """
        What `--save_default_..._config` calls the file that it writes.
        """
        return f"default_{cls.usual_name}"

    @classmethod
    def _found(cls, path: Path) -> Path:
        if path.exists() or path.name != cls.usual_name:
            return path
        default = path.with_name(cls.default_name())
        if default.exists():
            log.info("the default config is used", extra={"file": str(default)})
            return default
        try:
            path.write_text(cls().to_json(), encoding="utf-8")
        except OSError as exc:
            raise BadSettings(f"{path}: is not there, and cannot be written: {exc}") from exc
        log.info("a config was written with the defaults", extra={"file": str(path)})
        return path

    def to_json(self) -> str:
        """
        The text that `load` reads back, its keys in the documented order.
        """
        document = {
            each.name: getattr(self, each.name)
            for each in _fields(type(self))
            if OURS not in each.metadata or getattr(self, each.name) != each.default
        }
        return json.dumps(document, indent=2) + "\n"


def _document(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise BadSettings(f"{path}: cannot be read: {exc}") from exc
    except (ValueError, RecursionError) as exc:
        raise BadSettings(f"{path}: is not JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise BadSettings(f"{path}: must be a JSON object, not {_shown(document)}")
    return document


def what_is_wrong(each: "Field[Any]", value: object) -> str | None:
    """
    Say why *value* cannot be the value of the field *each*; None if it can.
    """
    wanted = type(each.default)
    if type(value) is not wanted:
        return f"must be {_WORDS[wanted]}, not {_shown(value)}"
    if isinstance(value, int) and "least" in each.metadata:
        least, most = each.metadata["least"], each.metadata["most"]
        if not least <= value <= most:
            return f"is {value}: it must be from {least} to {most}"
    inspect = each.metadata.get("check")
    return inspect(value) if isinstance(value, str) and inspect is not None else None


def _fields(kind: Any) -> tuple["Field[Any]", ...]:  # noqa: ANN401
    found = fields(kind)
    assert all(each.default is not MISSING for each in found)
    return found


def _shown(value: object) -> str:
    shown = json.dumps(value, default=str)
    return textwrap.shorten(shown, 40, placeholder="...")
