"""Whether the number of a signal can be relied upon now: its states, and how they are judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from vitalrig.judged_signals import JudgedSignal
from vitalrig.newest_sample import Sample
from vitalrig.statuses import StatusCode

State = Literal["settling", "valid", "held", "stale", "lost"]

MEANINGS: dict[State, str] = {
    "lost": "there is no person to measure: the server's last status is `NO_FACES_FOUND`, "
    "`PROCESSING_NOT_STARTED` or `UNAUTHORIZED`",
    "settling": "not lost, and no number of this signal has come since the collector started, or "
    "is in the snapshot; a signal that is not switched on stays so",
    "stale": "not lost, and the newest sample is older than the limit (`stale_after_s`, "
    "`breath_stale_after_s` for breathing, `snapshot_stale_after_s` for another collector's "
    "snapshot), or was stamped further ahead of the clock than that when it came, or the session "
    "that a snapshot is of has ended",
    "held": "none of these, and the server marked the newest sample `stable: false`, or two "
    "servers publish under the camera's prefix, so that it is not known whose number it is",
    "valid": "none of these; only now are the number and its confidence on the page",
}
"""What each state means. They are asked in this order, and the first that fits holds."""

STATES: tuple[State, ...] = ("settling", "valid", "held", "stale", "lost")

SUBJECT_GONE = tuple(
    code.name
    for code in (
        StatusCode.NO_FACES_FOUND, StatusCode.PROCESSING_NOT_STARTED, StatusCode.UNAUTHORIZED,
    )
)  # fmt: skip
"""Status codes under which no signal can be there."""


class SeenCamera(Protocol):
    """What is known of a camera, as far as its signals are judged by it."""

    @property
    def status(self) -> str:
        """What the server last said of the picture; empty if it never did."""
        ...

    @property
    def series(self) -> Mapping[str, Sample]:
        """The newest sample of each series, by channel and series."""
        ...

    @property
    def conflict(self) -> bool | None:
        """Whether two servers publish under its prefix; None where it is not known."""
        ...

    @property
    def ended(self) -> bool:
        """Whether what this is of is over, so that nothing in it is live."""
        ...


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

    def of(self, signal: JudgedSignal) -> float:
        """
        The limit of one signal.
        """
        return self.slow_sample_s if signal.is_slow else self.sample_s


USUAL_LIMITS = Limits(report_s=10.0, sample_s=10.0, slow_sample_s=15.0)
"""What holds unless somebody has set something else."""


def newest(signal: JudgedSignal, view: SeenCamera) -> Sample | None:
    """
    Find the newest sample of a signal in *view*.
    """
    for name in signal.series:
        if (sample := view.series.get(name)) is not None:
            return sample
    return None


def state_of(signal: JudgedSignal, view: SeenCamera, age_s: float, limit_s: float) -> State:
    """
    Judge one signal of a camera. `MEANINGS` says what each state means.

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
