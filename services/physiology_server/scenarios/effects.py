"""The table of effects. A new effect is a class and an entry here."""

from collections.abc import Mapping

from services.physiology_server.scenarios.action_events import Record, ServerRestart, StopRecording
from services.physiology_server.scenarios.camera_events import (
    Dropouts,
    Motion,
    OffCentre,
    SeveralFaces,
    SubjectLeaves,
    TooBright,
    TooDark,
)
from services.physiology_server.scenarios.clock_events import ClockReset, Wrap32Bit
from services.physiology_server.scenarios.events import Event
from services.physiology_server.scenarios.malformed_events import Malformed
from services.physiology_server.scenarios.network_events import Duplicates, Late, SlowCore
from services.physiology_server.scenarios.subject_events import (
    Apnea,
    OtherBreathingRate,
    OtherPulseRate,
    Tachycardia,
)

_ALL: tuple[type[Event], ...] = (
    SubjectLeaves, SeveralFaces, TooDark, TooBright, OffCentre, Motion,
    Apnea, Tachycardia, OtherPulseRate, OtherBreathingRate,
    Dropouts, Late, Duplicates, SlowCore, Malformed,
    ClockReset, Wrap32Bit,
    ServerRestart, Record, StopRecording,
)  # fmt: skip

EFFECTS: Mapping[str, type[Event]] = {effect.model_fields["do"].default: effect for effect in _ALL}
"""By the word after `do`."""
