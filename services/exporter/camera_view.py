"""What a scrape shows, as frozen values: cameras and services as they last reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from services.exporter.exported_signals import NEEDED_SERIES
from smartspectra.ipc.wire.channels import KINDS
from smartspectra.ipc.wire.envelope import REJECT_REASONS
from vitalrig.errors import BadMessage
from vitalrig.metrics.latency import LIMITS_S
from vitalrig.metrics.validate import counts_by_name, label, mapping, number, optional_number
from vitalrig.newest_sample import Sample

SAMPLE_REASONS = ("duplicate", "unusable")
"""Why a sample is in no series; a label has one of them or `other`."""

COUNTERS = ("missing", "gaps", "duplicates", "foreign", "resets", "off_clock")


@dataclass(frozen=True, slots=True)
class Recording:
    """
    How the recording of a camera goes; a figure that is not known is None and not shown.

    Attributes:
        active: Whether a session is open.
        paused: Whether it is open but cannot be written.
        records: Envelopes written.
        size_bytes: Bytes written.
        write_failures: Envelopes that could not be written.
        last_sync_us: When what was written was last made to survive a power cut.
        lag_s: How far it is behind the newest envelope in the stream.
    """

    active: bool
    paused: bool | None = None
    records: float | None = None
    size_bytes: float | None = None
    write_failures: float | None = None
    last_sync_us: float | None = None
    lag_s: float | None = None


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """
    The file that a camera is shown from, where it is not a report that was heard.

    Attributes:
        written_us: When it was written, by the file system.
        size_bytes: Its size.
        read_s: How long reading it took.
    """

    written_us: float
    size_bytes: int
    read_s: float


@dataclass(frozen=True, slots=True)
class Latency:
    """
    How long envelopes took to the collector.

    Attributes:
        counts: How many, by bucket of `vitalrig.metrics.latency`.
        sum_s: All of them together.
    """

    counts: tuple[float, ...]
    sum_s: float

    @classmethod
    def parse(cls, document: object) -> Self | None:
        """
        Read it; None where there is none, or its buckets are not those that we show.

        Raises:
            BadMessage: If it makes no sense.
        """
        fields = mapping(document)
        if fields.get("limits_s") != list(LIMITS_S):
            return None
        counts = fields.get("counts")
        if not isinstance(counts, list) or len(counts) != len(LIMITS_S) + 1:
            raise BadMessage("no counts of latencies")
        return cls(tuple(map(number, counts)), number(fields.get("sum_s")))


@dataclass(frozen=True, slots=True)
class CameraView:
    """
    One camera.

    Attributes:
        prefix: Its key prefix.
        updated_us: When this was true.
        status: What the server last said of the picture; empty if it never did.
        series: The newest sample of each series that is shown, by channel and series.
        envelopes: Envelopes that arrived, by channel.
        rejected: Envelopes that could not be understood, by reason.
        recording: How the recording goes.
        counters: Missing, gaps, duplicates, foreign, resets, off clock: those that are known.
        samples_rejected: Samples that are in no series, by reason.
        latency: How long envelopes took; None where it is not known.
        conflict: Whether two servers publish under its prefix; None where it is not known.
        ended: Whether what this is of is over, so that nothing in it is live.
        source: Where the frames come from, as far as the file says; empty if it does not.
        snapshot: The file that this was read from; None for a report that was heard.
    """

    prefix: str
    updated_us: float
    status: str
    series: Mapping[str, Sample]
    recording: Recording
    envelopes: Mapping[str, float] = field(default_factory=dict)
    rejected: Mapping[str, float] = field(default_factory=dict)
    counters: Mapping[str, float] = field(default_factory=dict)
    samples_rejected: Mapping[str, float] = field(default_factory=dict)
    latency: Latency | None = None
    conflict: bool | None = None
    ended: bool = False
    source: str = ""
    snapshot: SnapshotFile | None = None

    @classmethod
    def parse(cls, prefix: str, document: object) -> Self:
        """
        Read what the collector reports of the camera *prefix*.

        Raises:
            BadMessage: If it makes no sense.
        """
        fields = mapping(document)
        series = mapping(fields.get("series"))
        status = fields.get("status", "")
        if not prefix or not isinstance(status, str):
            raise BadMessage("no prefix, or no status")
        counters = mapping(fields.get("counters"))
        return cls(
            prefix=label(prefix),
            updated_us=number(fields.get("updated_us")),
            status=status,
            series={name: Sample.parse(series[name]) for name in NEEDED_SERIES if name in series},
            recording=_recording(mapping(fields.get("recording"))),
            envelopes=counts_by_name(fields.get("envelopes"), KINDS),
            rejected=counts_by_name(fields.get("rejected"), REJECT_REASONS),
            counters={name: number(counters[name]) for name in COUNTERS if name in counters},
            samples_rejected=counts_by_name(fields.get("samples_rejected"), SAMPLE_REASONS),
            latency=Latency.parse(fields.get("latency")),
            conflict=bool(fields["conflict"]) if "conflict" in fields else None,
        )


def _recording(fields: Mapping[str, Any]) -> Recording:
    return Recording(
        active=bool(fields.get("active")),
        paused=bool(fields.get("paused")),
        records=optional_number(fields.get("records")),
        size_bytes=optional_number(fields.get("size_bytes")),
        write_failures=optional_number(fields.get("write_failures")),
        last_sync_us=optional_number(fields.get("last_sync_us")),
        lag_s=optional_number(fields.get("lag_s")),
    )
