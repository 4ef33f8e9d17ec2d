"""Channel names, made from a key prefix. This is the only list of them."""

from dataclasses import dataclass

CORE_METRICS = "core_metrics"
EDGE_METRICS = "edge_metrics"
STATUS = "status"
FRAME = "frame"
RECORDING_STATE = "recording_state"

DEFAULT_PREFIX = "physiology"
"""The vendor's, and the name of the camera where nothing else is said."""

KINDS = (CORE_METRICS, EDGE_METRICS, STATUS, FRAME, RECORDING_STATE)
"""Every envelope ``type``; each has the channel ``{prefix}:{type}``."""

METRIC_KINDS = (CORE_METRICS, EDGE_METRICS)
"""The kinds that carry measurements."""


@dataclass(frozen=True, slots=True)
class Channels:
    """
    The Redis channels of one key prefix.

    Attributes:
        prefix: What comes before the colon.
    """

    prefix: str = DEFAULT_PREFIX

    def of(self, kind: str) -> str:
        """The channel on which envelopes of *kind* are published."""
        return f"{self.prefix}:{kind}"

    @property
    def core(self) -> str:
        """Pulse, breathing and other vital signs."""
        return self.of(CORE_METRICS)

    @property
    def edge(self) -> str:
        """What is measured on the device, once a frame."""
        return self.of(EDGE_METRICS)

    @property
    def status(self) -> str:
        """Changes of the system's status."""
        return self.of(STATUS)

    @property
    def frame(self) -> str:
        """JPEG frames in base64."""
        return self.of(FRAME)

    @property
    def recording_state(self) -> str:
        """Start and stop of recordings."""
        return self.of(RECORDING_STATE)
