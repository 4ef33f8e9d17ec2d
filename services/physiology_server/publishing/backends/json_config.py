"""The JSON files that the vendor documents for its backends: read with care, written in order."""

import difflib
import json
import logging
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from vitalrig.errors import BadSettings

log = logging.getLogger(__name__)

MOST = 2**31 - 1

_WORDS = {"bool_type": "true or false", "int_type": "a whole number", "string_type": "a text"}


class JsonConfig(BaseModel):
    """
    What a config of documented keys can do: subclasses name the keys.

    Attributes:
        usual_name: What the vendor's guide calls such a file.
        ours: Keys that the vendor does not document. They are written only where they were changed.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
    usual_name: ClassVar[str]
    ours: ClassVar[tuple[str, ...]]

    def changed(self, changes: Mapping[str, Any]) -> Self:
        """
        The same with other values.

        Raises:
            BadSettings: If a value cannot work; names the key.
        """
        return self._checked({**dict(self), **changes})

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
        for key in document.keys() - cls.model_fields.keys():
            near = difflib.get_close_matches(key, cls.model_fields, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            log.warning("unknown key in a config%s", hint, extra={"file": str(path), "key": key})
            del document[key]
        return cls._checked(document, f"{path}: ")

    @classmethod
    def default_name(cls) -> str:
        """
        What `--save_default_..._config` calls the file that it writes.
        """
        return f"default_{cls.usual_name}"

    def to_json(self) -> str:
        """
        The text that `load` reads back, its keys in the documented order.
        """
        document = {
            name: value
            for name, value in self
            if name not in self.ours or value != type(self).model_fields[name].default
        }
        return json.dumps(document, indent=2) + "\n"

    @classmethod
    def _checked(cls, values: Mapping[str, Any], where: str = "") -> Self:
        try:
            return cls(**values)
        except ValidationError as exc:
            raise BadSettings(where + cls._explained(exc)) from None

    @classmethod
    def _explained(cls, error: ValidationError) -> str:
        first = error.errors()[0]
        name, kind, value = str(first["loc"][0]), first["type"], first["input"]
        if kind in _WORDS:
            return f"{name} must be {_WORDS[kind]}, not {_shown(value)}"
        if kind == "value_error":
            return f"{name} {first['ctx']['error']}"
        limits = {key: getattr(each, key) for each in cls.model_fields[name].metadata
                  for key in ("ge", "le") if hasattr(each, key)}  # fmt: skip
        if limits:
            return f"{name} is {value}: it must be from {limits['ge']} to {limits['le']}"
        return f"{name}: {first['msg']}"

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


def _shown(value: object) -> str:
    shown = json.dumps(value, default=str)
    return textwrap.shorten(shown, 40, placeholder="...")
