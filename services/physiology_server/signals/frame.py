"""What a source yields: one frame of the camera, reduced to the signals measured in it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from vitalrig.statuses import StatusCode

SourceKind = Literal["synthetic", "replay", "camera", "upload"]
"""What frames are made of."""


class Signals(NamedTuple):
    """
    The signals of one frame. What a source does not measure is None, and stays None.

    Attributes:
        pulse: Blood volume pulse, unitless, about -0.15 to 0.15, upwards in systole.
        phasic: Phasic arterial pressure wave, unitless and not calibrated.
        upper_breathing: Displacement of the chest, unitless, upwards in inspiration.
        lower_breathing: Displacement of the abdomen, unitless, upwards in inspiration.
        eda: Electrodermal activity in arbitrary units, never negative.
        glutes: Displacement at the glutes, unitless.
        knees: Displacement at the knees, unitless.
        blinking: Whether the eyes are shut in a blink.
        talking: Whether the subject talks.
    """

    pulse: float | None = None
    phasic: float | None = None
    upper_breathing: float | None = None
    lower_breathing: float | None = None
    eda: float | None = None
    glutes: float | None = None
    knees: float | None = None
    blinking: bool | None = None
    talking: bool | None = None


_NOTHING = Signals()


@dataclass(frozen=True, slots=True)
class Frame:
    """
    One frame of a source.

    Attributes:
        index: Number of the frame, from 0; a missing number is a dropped frame.
        time_s: Seconds since capture start; recorded time where the source is a recording.
        signals: What was measured in it.
        status: Whether the subject can be measured at all.
        stable: False where the source itself says that a value is not to be relied on, such
            as at the joint of a looped recording.
    """

    index: int
    time_s: float
    signals: Signals = _NOTHING
    status: StatusCode = StatusCode.OK
    stable: bool = True

    @property
    def usable(self) -> bool:
        """
        Whether its values may be called stable.
        """
        return self.stable and self.status == StatusCode.OK
