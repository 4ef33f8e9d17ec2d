"""Whether the number of a signal can be relied upon now."""

from dataclasses import dataclass

from services.exporter.signals import Signal
from services.exporter.states import SUBJECT_GONE, State
from services.exporter.views import CameraView, Sample


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How old what is shown as live may be.

    Attributes:
        report_s: A report of a service or of a camera.
        sample_s: A sample.
        slow_sample_s: A sample of a signal whose numbers come seldom.
    """

    report_s: float
    sample_s: float
    slow_sample_s: float

    def of(self, signal: Signal) -> float:
        """
        The limit of one signal.
        """
        return self.slow_sample_s if signal.is_slow else self.sample_s


def newest(signal: Signal, view: CameraView) -> Sample | None:
    """
    Find the newest sample of a signal in *view*.
    """
    for name in signal.series:
        if (sample := view.series.get(name)) is not None:
            return sample
    return None


def state_of(signal: Signal, view: CameraView, age_s: float, limit_s: float) -> State:
    """
    Judge one signal of a camera. `services.exporter.states` says what each state means.

    Args:
        signal: Which.
        view: The camera.
        age_s: How old the view is.
        limit_s: How old a sample may be.
    """
    if view.status in SUBJECT_GONE:
        return "lost"
    sample = newest(signal, view)
    if sample is None or sample.value is None:
        return "settling"
    if view.ended or sample.age_s + age_s > limit_s:
        return "stale"
    return "held" if sample.stable is False or view.conflict else "valid"
