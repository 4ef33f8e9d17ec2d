"""The runs that the conformance tests read, each played once for each backend."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.conformance import Play, Run, play
from tests.support.redis_server import RedisServer

ROOT = Path(__file__).parents[2]
RECORDING = ROOT / "samples" / "data" / "rest_ppg_resp_40hz.csv"
REPLAY_FROM_S, REPLAY_FOR_S = 200, 120

EVERYTHING = {
    "publish_core": "always",
    "enable_eda": True,
    "enable_phasic_bp": True,
    "enable_micromotion": True,
}


@dataclass(frozen=True)
class Asked:
    """What a synthetic run was asked for."""

    pulse_per_minute: float
    breathing_per_minute: float
    buffer_duration_s: float

    def as_play(self) -> Play:
        keys = {
            "source": "synthetic",
            "pulse_rate": self.pulse_per_minute,
            "breathing_rate": self.breathing_per_minute,
            "buffer_duration": self.buffer_duration_s,
        }
        return Play(90, keys=EVERYTHING | keys)


CALM = Asked(72, 15, 0.2)
BRISK = Asked(110, 24, 0.5)
ASKED = {"calm": CALM, "brisk": BRISK}

# The session's id, and when it is recorded, in seconds since the capture's start.
SESSION, RECORDED_FROM_S, RECORDED_TO_S = "experiment_001", 2, 4

STATUSES = {
    1: "NO_FACES_FOUND", 2: "MORE_THAN_ONE_FACE_FOUND", 3: "FACE_NOT_CENTERED",
    4: "IMAGE_TOO_DARK", 5: "IMAGE_TOO_BRIGHT",
}  # fmt: skip
"""What the status is in which second of the run `statuses`, where it is not OK."""
_EFFECTS = {
    "NO_FACES_FOUND": "subject_leaves",
    "MORE_THAN_ONE_FACE_FOUND": "several_faces",
    "FACE_NOT_CENTERED": "off_centre",
    "IMAGE_TOO_DARK": "too_dark",
    "IMAGE_TOO_BRIGHT": "too_bright",
}

PLAYS = {
    "calm": CALM.as_play(),
    "brisk": BRISK.as_play(),
    "recorded": Play(
        6,
        timeline=[
            {"at_s": RECORDED_FROM_S, "do": "record", "session": SESSION},
            {"at_s": RECORDED_TO_S, "do": "stop_recording"},
        ],
        keys={"source": "synthetic"},
    ),
    "statuses": Play(
        7,
        timeline=[
            {"at_s": second, "for_s": 0.5, "do": _EFFECTS[status]}
            for second, status in STATUSES.items()
        ],
        keys={"source": "synthetic"},
    ),
    "replay": Play(
        REPLAY_FOR_S,
        keys=EVERYTHING
        | {"source": "replay", "replay_path": RECORDING, "replay_start_s": REPLAY_FROM_S},
    ),
}
"""
`calm` and `brisk` have all that the server can measure; `recorded` and `statuses` have what it
measures unasked, core metrics while recording only; `replay` is the recording in samples/data.
"""


class SequenceTracker:
    """Plays what is asked for, once."""

    def __init__(self, factory: pytest.TempPathFactory) -> None:
        self._factory = factory
        self._made: dict[tuple[str, str], Run] = {}
        folder = factory.mktemp("redis")
        self.redis = RedisServer(folder)
        self.redis.start()

    def __call__(self, name: str, backend: str) -> Run:
        if (name, backend) not in self._made:
            folder = self._factory.mktemp(f"{name}_{backend}")
            self._made[name, backend] = play(PLAYS[name], backend, folder, self.redis)
        return self._made[name, backend]
