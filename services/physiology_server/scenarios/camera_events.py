"""What happens in front of the camera and between it and the server: frames."""

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from services.physiology_server.scenarios.events import FrameEvent, Seconds, Share
from services.physiology_server.scenarios.random_choice import RandomChoice
from services.physiology_server.signals.frame import Frame, Signals
from vitalrig.statuses import StatusCode


class Unseen(FrameEvent):
    """The status says why, and nothing is measured."""

    status: ClassVar[StatusCode]

    def change(self, frame: Frame, chance: RandomChoice) -> Frame:  # noqa: ARG002
        """
        The same moment without signals.
        """
        return replace(frame, signals=Signals(), status=self.status, stable=False)


class SubjectLeaves(Unseen):
    """Nobody is in the picture: status `NO_FACES_FOUND`, no signals."""

    status: ClassVar[StatusCode] = StatusCode.NO_FACES_FOUND
    do: Literal["subject_leaves"] = "subject_leaves"


class SeveralFaces(Unseen):
    """Nobody knows whose pulse it would be: `MORE_THAN_ONE_FACE_FOUND`, no signals."""

    status: ClassVar[StatusCode] = StatusCode.MORE_THAN_ONE_FACE_FOUND
    do: Literal["several_faces"] = "several_faces"


class TooDark(Unseen):
    """The light is out: `IMAGE_TOO_DARK`, no signals."""

    status: ClassVar[StatusCode] = StatusCode.IMAGE_TOO_DARK
    do: Literal["too_dark"] = "too_dark"


class TooBright(Unseen):
    """The sun shines into the lens: `IMAGE_TOO_BRIGHT`, no signals."""

    status: ClassVar[StatusCode] = StatusCode.IMAGE_TOO_BRIGHT
    do: Literal["too_bright"] = "too_bright"


class OffCentre(FrameEvent):
    """The face is at the edge: `FACE_NOT_CENTERED`; signals go on, but none is stable."""

    do: Literal["off_centre"] = "off_centre"

    def change(self, frame: Frame, chance: RandomChoice) -> Frame:  # noqa: ARG002
        """
        The same signals under another status.
        """
        return replace(frame, status=StatusCode.FACE_NOT_CENTERED)


_HEIGHTS = {
    "pulse": 0.1, "phasic": 0.1, "upper_breathing": 0.08, "lower_breathing": 0.08,
    "glutes": 0.05, "knees": 0.05,
}  # fmt: skip
_MOTION_KNOT_S = 0.12


class Motion(FrameEvent):
    """The subject moves: status stays `OK`, traces are disturbed and not stable."""

    do: Literal["motion"] = "motion"
    strength: Seconds = Field(
        2.0, gt=0, le=10, description="the disturbance, as a multiple of the usual signal"
    )

    def change(self, frame: Frame, chance: RandomChoice) -> Frame:
        """
        Unrest of a few hertz on every signal that there is.
        """
        position = frame.time_s / _MOTION_KNOT_S
        moved = {
            name: value + self.strength * height * chance.wave(name, position)
            for name, height in _HEIGHTS.items()
            if (value := getattr(frame.signals, name)) is not None
        }
        return replace(frame, signals=frame.signals._replace(**moved), stable=False)


class Dropouts(FrameEvent):
    """Frames are missing, each by chance."""

    needs_frames = False
    do: Literal["dropouts"] = "dropouts"
    share: Share

    def passes(self, number: int, chance: RandomChoice) -> bool:
        """
        Whether this one is not lost.
        """
        return chance.share("lost", number) >= self.share
