"""
Text from outside, made harmless where it is shown.

A session's name, a status or a server's message may hold whatever was sent: escapes that take over
a terminal, line breaks that forge a line of a log, marks that turn writing around, half a surrogate
pair that nothing can encode, or the beginning of a formula.
"""

import re

_HARMFUL = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters, escapes and line breaks among them
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    "\u2028\u2029"  # line and paragraph separators
    "\ufeff\ufff9-\ufffb"  # byte order mark, interlinear annotation
    "\ud800-\udfff"  # halves of surrogate pairs
    "]"
)
_FORMULA = ("=", "+", "-", "@")
_NAMES = {"\t": r"\t", "\n": r"\n", "\r": r"\r"}


def harmless(text: object) -> str:
    r"""
    Give the text with each harmful character written out, such as ``\x1b``.

    All other text, in whatever script, stays as it is.
    """
    return _HARMFUL.sub(_written_out, str(text))


def harmless_cell(text: object) -> str:
    """
    Give the text as a cell of a table that a spreadsheet takes for text and does not run.
    """
    shown = harmless(text)
    return f"'{shown}" if shown.startswith(_FORMULA) else shown


def _written_out(found: re.Match[str]) -> str:
    letter = found.group()
    if letter in _NAMES:
        return _NAMES[letter]
    number = ord(letter)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}"  # noqa: PLR2004  a byte
