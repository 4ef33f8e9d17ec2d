"""What is done to the server at one moment."""

from typing import Literal

from pydantic import Field

from services.physiology_server.captures.capture import Restart
from services.physiology_server.scenarios.events import Event, FrameEvent, Recorder, Seconds
from services.physiology_server.scenarios.random_choice import RandomChoice


class ServerRestart(FrameEvent):
    """The server starts anew: the recording ends, no frames for a while, every warm-up again."""

    needs_frames = False
    do: Literal["restart"] = "restart"
    for_s: Seconds | None = Field(2.0, gt=0, description="how long it is away, in seconds")

    def begin(self, recorder: Recorder, time_s: float) -> Restart | None:  # noqa: ARG002
        """
        Have the graph begin again.
        """
        return Restart(time_s)

    def passes(self, number: int, chance: RandomChoice) -> bool:  # noqa: ARG002
        """
        What comes meanwhile is missed.
        """
        return False


class Record(Event):
    """A recording begins, as if `SetRecording` were called."""

    do: Literal["record"] = "record"
    session: str = Field(
        "", pattern=r"^[A-Za-z0-9_.-]{0,100}$", description="its name; the collector's own if empty"
    )

    def begin(self, recorder: Recorder, time_s: float) -> None:  # noqa: ARG002
        """
        Begin it.
        """
        recorder.record(self.session)


class StopRecording(Event):
    """The recording ends."""

    do: Literal["stop_recording"] = "stop_recording"

    def begin(self, recorder: Recorder, time_s: float) -> None:  # noqa: ARG002
        """
        End it.
        """
        recorder.stop_recording()
