"""Samples in the JSON form of the wire: short floats, stamps as strings."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from services.physiology_server.signals.frame import Frame

Sample = dict[str, Any]

_float32 = np.float32

# Where both writers of short decimals are known to agree; far beyond, a value may be halfway
# between two.
_LEAST, _MOST = 1e-9, 1e6

_shortened: dict[float, float] = {}


def shortest(value: float) -> float:
    """
    *value* as the wire's 32-bit float, with no more decimals than it takes to tell it apart.

    The result is a plain float that any JSON writer prints in that short form.
    """
    known = _shortened.get(value)
    return float(str(_float32(value))) if known is None else known


def shorten_together(values: Sequence[float]) -> None:
    """
    Have :func:`shortest` know what it gives for *values*, until this is called again.

    For many at a time that costs a tenth.
    """
    numbers = np.array(values, dtype=np.float64)
    size = np.abs(numbers)
    numbers = numbers[(size > _LEAST) & (size < _MOST)]
    short = orjson.dumps(numbers.astype(np.float32), option=orjson.OPT_SERIALIZE_NUMPY)
    _shortened.clear()
    _shortened.update(zip(numbers.tolist(), orjson.loads(short), strict=True))


class SampleStamp(NamedTuple):
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
        global _newest  # noqa: PLW0603 - Edge and Core ask for the same one after the other
        of_frame, at_us, stamp = _newest
        if of_frame is not frame or at_us != timestamp_us or stamp is None:
            stamp = cls(shortest(frame.time_s), str(timestamp_us), frame.usable)
            _newest = frame, timestamp_us, stamp
        return stamp

    def measurement(self, value: float) -> Sample:
        """
        A `Measurement`.
        """
        known = _shortened.get(value)  # as `shortest`, without the call: this is done most often
        return {
            "time": self.time,
            "value": shortest(value) if known is None else known,
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


_newest: tuple[Frame | None, int, SampleStamp | None] = None, 0, None
