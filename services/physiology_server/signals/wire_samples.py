"""Samples in the JSON form of the wire: short floats, stamps as strings."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from services.physiology_server.signals.frame import Frame

Sample = dict[str, Any]

_float32 = np.float32


def shortest(value: float) -> float:
    """
    *value* as the wire's 32-bit float, with no more decimals than it takes to tell it apart.

    The result is a plain float that any JSON writer prints in that short form.
    """
    return float(str(_float32(value)))


@dataclass(frozen=True, slots=True)
class SampleStamp:
    """
    What all samples of one moment have in common.

    Attributes:
        time: Seconds since capture start.
        timestamp: Microseconds since the epoch, as a string, as JSON has no 64-bit integers.
        stable: Whether values of this moment can be relied on.
    """

    time: float
    timestamp: str
    stable: bool

    @classmethod
    def of(cls, frame: Frame, timestamp_us: int) -> "SampleStamp":
        """
        Stamp what was measured in *frame*, which was captured at *timestamp_us*.
        """
        return cls(shortest(frame.time_s), str(timestamp_us), frame.usable)

    def measurement(self, value: float) -> Sample:
        """
        A `Measurement`.
        """
        return {
            "time": self.time,
            "value": shortest(value),
            "stable": self.stable,
            "timestamp": self.timestamp,
        }

    def rate(self, value: float, confidence: float) -> Sample:
        """
        A `MeasurementWithConfidence`.
        """
        return {
            "time": self.time,
            "value": shortest(value),
            "stable": self.stable,
            "confidence": shortest(confidence),
            "timestamp": self.timestamp,
        }

    def detection(self, *, detected: bool) -> Sample:
        """
        A `DetectionStatus`.
        """
        return {
            "time": self.time,
            "detected": detected,
            "stable": self.stable,
            "timestamp": self.timestamp,
        }
