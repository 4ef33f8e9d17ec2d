"""Names of at most 16 letters, which is what EDF has room for."""

from collections.abc import Iterable

_LONGEST = 16
_KINDS = {"core_metrics": "core", "edge_metrics": "edge"}

_SHORT = {
    "pulse.rate": "pulse rate",
    "pulse.trace": "pulse",
    "pulse.strict": "puls strict",
    "pulse.pulse_respiration_quotient": "pulse/resp",
    "breathing.rate": "resp rate",
    "breathing.strict": "resp strict",
    "breathing.upper_trace": "resp chest",
    "breathing.lower_trace": "resp abdom",
    "breathing.amplitude": "resp ampl",
    "breathing.baseline": "resp base",
    "breathing.inhale_exhale_ratio": "resp in/ex",
    "breathing.respiratory_line_length": "resp line",
    "breathing.apnea": "apnea",
    "blood_pressure.phasic": "BP phasic",
    "eda": "EDA",
    "eda.trace": "EDA",
    "micromotion.glutes": "glutes",
    "micromotion.knees": "knees",
    "face.blinking": "blinking",
    "face.talking": "talking",
}


def labels(names: Iterable[tuple[str, str]]) -> list[str]:
    """
    A label for each pair of a channel's kind and a series' name, no two alike.
    """
    made: list[str] = []
    for kind, name in names:
        label = _plain(f"{_KINDS.get(kind, kind[:4])} {_SHORT.get(name, name)}")[:_LONGEST]
        number = 2
        stem = label
        while label in made:
            label = f"{stem[: _LONGEST - len(str(number)) - 1]}~{number}"
            number += 1
        made.append(label)
    return made


def _plain(text: str) -> str:
    """Header fields hold printable ASCII."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
