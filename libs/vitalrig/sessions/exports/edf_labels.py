"""Names of at most 16 letters, which is what EDF has room for."""

from collections.abc import Iterable

from vitalrig.signals import signal_of

_LONGEST = 16
_KINDS = {"core_metrics": "core", "edge_metrics": "edge"}


def labels(names: Iterable[tuple[str, str]]) -> list[str]:
    """
    A label for each pair of a channel's kind and a series' name, no two alike.
    """
    made: list[str] = []
    for kind, name in names:
        signal = signal_of(kind, name)
        short = signal.short_label if signal else name
        label = printable(f"{_KINDS.get(kind, kind[:4])} {short}")[:_LONGEST]
        number = 2
        stem = label
        while label in made:
            label = f"{stem[: _LONGEST - len(str(number)) - 1]}~{number}"
            number += 1
        made.append(label)
    return made


def printable(text: str) -> str:
    """Header fields hold printable ASCII; *text* without anything else."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
