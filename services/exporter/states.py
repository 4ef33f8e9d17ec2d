"""The states of a signal, and what each means exactly."""

from typing import Literal

State = Literal["settling", "valid", "held", "stale", "lost"]

MEANINGS: dict[State, str] = {
    "lost": "there is no person to measure: the server's last status is `NO_FACES_FOUND`, "
    "`PROCESSING_NOT_STARTED` or `UNAUTHORIZED`",
    "settling": "not lost, and no number of this signal has come since the collector started, or "
    "stands in the snapshot; a signal that is not switched on stays so",
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

SUBJECT_GONE = ("NO_FACES_FOUND", "PROCESSING_NOT_STARTED", "UNAUTHORIZED")
"""Status codes under which no signal can be there."""
