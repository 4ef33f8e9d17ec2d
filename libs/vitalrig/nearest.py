"""What somebody may have meant who wrote a name that nobody knows."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """
    Give "; did you mean NAME?" with the name that is nearest to *word*, or nothing if none is near.
    """
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
