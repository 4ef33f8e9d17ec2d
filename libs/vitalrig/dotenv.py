"""
An .env file, understood as docker compose understands it; what would differ is refused.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from vitalrig.errors import BadSettings


class BadEnvFile(BadSettings):
    """A line of an .env file is not understood. Say which, and stop."""


_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
# What begins with a dollar: two of them, a name, a name in braces with a default, or a mistake.
_DOLLAR = re.compile(
    rf"\$(?:(?P<escaped>\$)|(?P<bare>{_NAME})"
    rf"|\{{(?P<braced>{_NAME})(?:(?P<when>:?-)(?P<default>[^${{}}]*))?\}})?"
)
_ESCAPE = re.compile(r"\\(.)")


def read(path: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Read the file at *path*.

    Raises:
        BadEnvFile: If it is not text in UTF-8, or a line is not understood.
    """
    try:
        # Editors on Windows put a byte order mark before the text.
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise BadEnvFile(f"{path} is not text in UTF-8; save it in that encoding.") from exc
    return parse(text, path.name, environ)


def parse(text: str, name: str, environ: Mapping[str, str]) -> dict[str, str]:
    """
    Understand the text of an .env file.

    ``NAME=value``, quoted or not; a ``#`` after a blank begins a comment outside quotes. Outside
    single quotes ``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME-default}`` stand for
    values of *environ* or of lines above, and ``$$`` for a dollar sign.

    Args:
        text: The whole file.
        name: How to call it in messages.
        environ: Variables that values may name.

    Raises:
        BadEnvFile: If a line is not understood, or names a variable that is not set.
    """
    values: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (match := _LINE.fullmatch(line.strip())) is None:
            raise BadEnvFile(f"{name}, line {number} is not NAME=value: {line.strip()}")
        where = f"{name}, line {number}"
        values[match[1]] = _value(match[2], where, {**values, **environ})
    return values


def _value(raw: str, where: str, known: Mapping[str, str]) -> str:
    if raw[:1] == "'":
        return _between_quotes(raw, r"'([^']*)'", where)
    if raw[:1] == '"':
        inner = _between_quotes(raw, r'"((?:[^"\\]|\\.)*)"', where)
        # An escaped dollar must not be taken for the beginning of a name.
        return _expanded(_ESCAPE.sub(lambda match: _unescaped(match, where), inner), where, known)
    return _expanded(re.split(r"(?:^|\s)#", raw, maxsplit=1)[0].strip(), where, known)


def _between_quotes(raw: str, pattern: str, where: str) -> str:
    match = re.match(pattern, raw)
    rest = raw[match.end() :].strip() if match else ""
    if match is None or (rest and not rest.startswith("#")):
        raise BadEnvFile(f"{where}: the quotes do not match: {raw}")
    return match[1]


def _unescaped(match: re.Match[str], where: str) -> str:
    character = match[1]
    if character not in '"\\$':
        raise BadEnvFile(
            f"{where}: \\{character} is not understood; write \\\\ or use single quotes"
        )
    return "$$" if character == "$" else character


def _expanded(text: str, where: str, known: Mapping[str, str]) -> str:
    return _DOLLAR.sub(lambda match: _meant(match, where, known), text)


def _meant(match: re.Match[str], where: str, known: Mapping[str, str]) -> str:
    if match["escaped"]:
        return "$"
    variable = match["bare"] or match["braced"]
    if variable is None:
        raise BadEnvFile(f"{where}: write $$ for a dollar sign, or put the value in single quotes")
    value = known.get(variable)
    if value or (value is not None and match["when"] != ":-"):
        return value
    if match["when"] is None:
        raise BadEnvFile(f"{where}: ${{{variable}}} is not set in the environment or a line above")
    return match["default"]
