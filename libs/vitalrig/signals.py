"""
The catalogue of signals: what each is called, where it is found, its unit, codes and looks.

Whoever shows, exports or judges a signal asks here; a test fails if a unit or code is restated.
"""

from dataclasses import dataclass
from typing import Literal

CORE = "core_metrics"
EDGE = "edge_metrics"

Rate = float | Literal["frame", "breath", "change"]
"""Samples a second; or one a frame, one a breath, one when the answer changes."""


@dataclass(frozen=True, slots=True)
class Signal:
    """
    One signal of a camera.

    Attributes:
        name: Its name in labels and addresses.
        channel: The channel without its prefix.
        series: Its names in payloads. The first is ours, the vendor's documents use the others.
        label: What a person reads.
        short_label: The same in at most 11 letters, for formats that have little room.
        nominal_rate: How often a sample comes.
        unit: What a person reads behind the number.
        ucum: The unit's UCUM code; empty where the values are not calibrated.
        loinc: The LOINC code of the quantity; empty where there is none.
        first_after_s: Seconds from the start of the capture to the first sample; none where it
            depends on what is seen.
        display_range: Least and greatest value of an axis; none means that it fits itself.
        colour: Of its curve, as bedside monitors have it.
        is_slow: Whether its numbers come seldom, so that they have a limit of age of their own.
    """

    name: str
    channel: str
    series: tuple[str, ...]
    label: str
    short_label: str
    nominal_rate: Rate
    unit: str = "arbitrary"
    ucum: str = ""
    loinc: str = ""
    first_after_s: float | None = 0.0
    display_range: tuple[float, float] | None = None
    colour: str = "#C0C0C0"
    is_slow: bool = False


_PULSE = "#00FF00"
_PLETH = "#82CEFC"
_PRESSURE = "#FF0000"
_BREATHING = "#FFFF00"

_UPPER = ("breathing.upper_trace", "upper_breathing_trace", "breathing.upperTrace")
_PHASIC = ("blood_pressure.phasic", "bloodPressure.phasic", "pressure.phasic", "phasic")


def _beats(name: str, series: str, label: str, short_label: str, after_s: float | None) -> Signal:
    return Signal(
        name,
        CORE,
        (series,),
        label,
        short_label,
        1.0,
        "beats per minute",
        "/min",
        "8867-4",
        first_after_s=after_s,
        display_range=(40.0, 180.0),
        colour=_PULSE,
    )


def _breaths(name: str, series: str, label: str, short_label: str, after_s: float | None) -> Signal:
    return Signal(
        name,
        CORE,
        (series,),
        label,
        short_label,
        1.0,
        "breaths per minute",
        "/min",
        "9279-1",
        first_after_s=after_s,
        display_range=(4.0, 45.0),
        colour=_BREATHING,
        is_slow=True,
    )


def _yes_or_no(name: str, channel: str, series: str, label: str, rate: Rate) -> Signal:
    return Signal(
        name,
        channel,
        (series,),
        label,
        label,
        rate,
        "0 or 1",
        "1",
        first_after_s=None,
        display_range=(0.0, 1.0),
    )


PULSE = _beats("pulse", "pulse.rate", "pulse rate", "pulse rate", 12.0)
PULSE_STRICT = _beats("pulse_strict", "pulse.strict", "strict pulse rate", "puls strict", None)
BREATHING = _breaths("breathing", "breathing.rate", "breathing rate", "resp rate", 25.0)
BREATHING_STRICT = _breaths(
    "breathing_strict", "breathing.strict", "strict breathing rate", "resp strict", None
)
PHASIC = Signal(
    "phasic_blood_pressure",
    CORE,
    _PHASIC,
    "phasic blood pressure",
    "BP phasic",
    "frame",
    colour=_PRESSURE,
)
UPPER_BREATHING = Signal(
    "upper_breathing", CORE, _UPPER, "upper breathing trace", "resp chest", 5.0, colour=_BREATHING
)
EDGE_UPPER_BREATHING = Signal(
    "edge_upper_breathing",
    EDGE,
    _UPPER,
    "upper breathing trace",
    "resp chest",
    "frame",
    colour=_BREATHING,
)
EDA = Signal("eda", EDGE, ("eda.trace", "eda_trace", "eda"), "EDA", "EDA", 5.0, first_after_s=35.0)
GLUTES = Signal(
    "micromotion_glutes",
    EDGE,
    ("micromotion.glutes",),
    "micromotion of the glutes",
    "glutes",
    "frame",
)
KNEES = Signal(
    "micromotion_knees", EDGE, ("micromotion.knees",), "micromotion of the knees", "knees", "frame"
)

SIGNALS = (
    PULSE,
    PULSE_STRICT,
    Signal("pulse_trace", CORE, ("pulse.trace",), "pulse trace", "pulse", "frame", colour=_PLETH),
    Signal(
        "pulse_respiration_quotient",
        CORE,
        ("pulse.pulse_respiration_quotient",),
        "pulse-respiration quotient",
        "pulse/resp",
        1.0,
        "ratio",
        "1",
        first_after_s=None,
    ),
    PHASIC,
    BREATHING,
    BREATHING_STRICT,
    UPPER_BREATHING,
    Signal(
        "lower_breathing",
        CORE,
        ("breathing.lower_trace",),
        "lower breathing trace",
        "resp abdom",
        5.0,
        colour=_BREATHING,
    ),
    Signal(
        "breathing_amplitude",
        CORE,
        ("breathing.amplitude",),
        "height of a breath",
        "resp ampl",
        "breath",
        first_after_s=None,
        colour=_BREATHING,
    ),
    Signal(
        "breathing_baseline",
        CORE,
        ("breathing.baseline",),
        "value between breaths",
        "resp base",
        "breath",
        first_after_s=None,
        colour=_BREATHING,
    ),
    Signal(
        "inhale_exhale_ratio",
        CORE,
        ("breathing.inhale_exhale_ratio",),
        "inhale-exhale ratio",
        "resp in/ex",
        "breath",
        "ratio",
        "1",
        first_after_s=None,
    ),
    Signal(
        "respiratory_line_length",
        CORE,
        ("breathing.respiratory_line_length",),
        "respiratory line length",
        "resp line",
        5.0,
        first_after_s=None,
    ),
    _yes_or_no("apnea", CORE, "breathing.apnea", "apnea", 2.1),
    EDGE_UPPER_BREATHING,
    Signal(
        "edge_lower_breathing",
        EDGE,
        ("breathing.lower_trace",),
        "lower breathing trace",
        "resp abdom",
        "frame",
        colour=_BREATHING,
    ),
    EDA,
    GLUTES,
    KNEES,
    _yes_or_no("blinking", EDGE, "face.blinking", "blinking", "change"),
    _yes_or_no("talking", EDGE, "face.talking", "talking", "change"),
)

_BY_SERIES = {(signal.channel, name): signal for signal in SIGNALS for name in signal.series}


def signal_of(channel: str, series: str) -> Signal | None:
    """
    The signal of a series, or none for one that is not in the catalogue.

    Args:
        channel: The channel without its prefix.
        series: The series' name, whichever of its names it is.
    """
    return _BY_SERIES.get((channel, series))
