"""
What stands under which name in Redis, beside the vendor's channels (`smartspectra.ipc.channels`).

The stream `{prefix}:envelopes` holds every envelope that was also published, but for frames, in
one order for all channels. An entry's fields:

- `channel`: the channel without its prefix, such as `core_metrics`;
- `envelope`: the envelope, byte for byte as published;
- `run`: the id of the server's run;
- `seq`: the envelope's number in that run, from 1 without a hole, so that a hole is a proven loss;
- `gap`: only from a relay that was away: why something before may be missing.
"""

HEARTBEATS = "vitalrig:heartbeats"
"""Hash: service instance -> its last report (`vitalrig.beats`), JSON."""

CAMERAS = "vitalrig:cameras"
"""Hash: key prefix -> what the collector last saw of that camera, JSON."""

FIELD_CHANNEL = "channel"
FIELD_ENVELOPE = "envelope"
FIELD_RUN = "run"
FIELD_SEQ = "seq"
FIELD_GAP = "gap"


def envelopes_stream(prefix: str) -> str:
    """
    Name of the durable stream of a key prefix.
    """
    return f"{prefix}:envelopes"


def last_recording_state(prefix: str) -> str:
    """
    Name of the key that keeps the last recording_state envelope, for whoever comes late.
    """
    return f"{prefix}:recording_state:last"
