"""Text from outside that may hold what no encoding has: lone surrogates."""

import re
import sys
from io import TextIOWrapper

_SURROGATES = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def encodable(text: str) -> str:
    """
    The text with a replacement character for each lone surrogate.

    JSON can hold half a surrogate pair, and a file's name bytes that are no UTF-8; Python
    reads both into text that it cannot write again.
    """
    return _SURROGATES.sub(REPLACEMENT, text)


def never_fail_to_print() -> None:
    """Replace on standard output what its encoding lacks, as the error output does already."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
