"""The status of the subject in the picture, one code a frame."""

from enum import IntEnum


class StatusCode(IntEnum):
    """
    What stands between the camera and a measurement.

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
