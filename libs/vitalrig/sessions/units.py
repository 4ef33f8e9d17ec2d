"""The units of series, in UCUM."""

_PER_MINUTE = "/min"

_UNITS = {
    "pulse.rate": _PER_MINUTE,
    "pulse.strict": _PER_MINUTE,
    "breathing.rate": _PER_MINUTE,
    "breathing.strict": _PER_MINUTE,
    "pulse.pulse_respiration_quotient": "1",
    "breathing.inhale_exhale_ratio": "1",
    "breathing.apnea": "1",
    "face.blinking": "1",
    "face.talking": "1",
}


def unit_of(name: str) -> str:
    """
    The unit of a series; empty where the values have none that is known.

    Traces and phasic blood pressure are not calibrated, and so have none.
    """
    return _UNITS.get(name, "")
