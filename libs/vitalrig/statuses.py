"""What services say of a picture: its status, and why a frame was left out."""

from enum import IntEnum
from typing import Literal, get_args


class StatusCode(IntEnum):
    """
    What is between the camera and a measurement, one code a frame.

    Numbers and names are those of the protobuf enum of the vendor's schema of 2025-09, so that
    a code can go on the wire as it is.
    """

    OK = 0
    NO_FACES_FOUND = 1
    MORE_THAN_ONE_FACE_FOUND = 2
    FACE_NOT_CENTERED = 3
    FACE_TOO_BIG_OR_TOO_SMALL = 4
    IMAGE_TOO_DARK = 5
    IMAGE_TOO_BRIGHT = 6
    CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING = 7
    PROCESSING_NOT_STARTED = 8
    UNAUTHORIZED = 9


DropReason = Literal["too_late", "bad_picture", "time_not_rising", "not_started", "queue_full"]
"""Why a frame was left out."""

DROP_REASONS: tuple[DropReason, ...] = get_args(DropReason)
