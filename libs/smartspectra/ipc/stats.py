"""What a collector has done so far, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass

from smartspectra.ipc.session.manager import SessionManager
from smartspectra.ipc.wire.channels import Channels


@dataclass(frozen=True, slots=True)
class CollectorStats:
    """
    A collector's counters since it was made.

    ``envelopes + unwritten_envelopes + sum(rejected.values())`` is what it was given.

    Attributes:
        envelopes: Envelopes kept.
        samples: Samples taken into series.
        duplicates: Samples dropped because their time had passed.
        resets: Clocks that went back by more than a second.
        unusable: Samples that have no finite value or no possible time.
        rejected: Messages that are not envelopes, by reason.
        written_bytes: Bytes in the JSONL files.
        unwritten_envelopes: Envelopes that the disk did not take.
        paused: Why nothing is being written now, or None.
        unfinished: Why a session that has ended still lacks its summary, or None.
        last_sync_us: When the disk last had everything, in microseconds since 1970.
        recording: Whether a recording is on.
        session_id: The open session, or None.
        channels: Envelopes kept, by channel.
    """

    envelopes: int
    samples: int
    duplicates: int
    resets: int
    unusable: int
    rejected: Mapping[str, int]
    written_bytes: int
    unwritten_envelopes: int
    paused: str | None
    unfinished: str | None
    last_sync_us: int | None
    recording: bool
    session_id: str | None
    channels: Mapping[str, int]


def stats_of(
    sessions: SessionManager, channels: Channels, rejected: Mapping[str, int], *, recording: bool
) -> CollectorStats:
    """The counters of a collector with these *sessions*."""
    tally, writer, session = sessions.tally(), sessions.writer, sessions.named
    return CollectorStats(
        envelopes=tally["envelopes"],
        samples=tally["samples"],
        duplicates=tally["duplicates"],
        resets=tally["resets"],
        unusable=tally["unusable"],
        rejected=rejected,
        written_bytes=tally["bytes"],
        unwritten_envelopes=writer.unwritten,
        paused=writer.paused,
        unfinished=sessions.unfinished,
        last_sync_us=writer.last_sync_us,
        recording=recording,
        session_id=session.session_id if session else None,
        channels={
            channels.of(key.removeprefix("type:")): number
            for key, number in tally.items()
            if key.startswith("type:")
        },
    )
