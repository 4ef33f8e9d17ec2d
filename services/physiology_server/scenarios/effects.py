"""The table of effects. A new effect is a class and an entry here."""

from collections.abc import Mapping

from services.physiology_server.scenarios.events import Event
from services.physiology_server.scenarios.link import Duplicates, Late, SlowCore
from services.physiology_server.scenarios.moments import Record, ServerRestart, StopRecording
from services.physiology_server.scenarios.person import Apnea, Tachycardia
from services.physiology_server.scenarios.picture import (
    Dropouts,
    Motion,
    OffCentre,
    SeveralFaces,
    SubjectLeaves,
    TooBright,
    TooDark,
)
from services.physiology_server.scenarios.rubbish import Malformed
from services.physiology_server.scenarios.stamps import ClockReset, Wrap32Bit

_ALL: tuple[type[Event], ...] = (
    SubjectLeaves, SeveralFaces, TooDark, TooBright, OffCentre, Motion,
    Apnea, Tachycardia,
    Dropouts, Late, Duplicates, SlowCore, Malformed,
    ClockReset, Wrap32Bit,
    ServerRestart, Record, StopRecording,
)  # fmt: skip

EFFECTS: Mapping[str, type[Event]] = {effect.model_fields["do"].default: effect for effect in _ALL}
"""By the word that stands behind `do`."""
