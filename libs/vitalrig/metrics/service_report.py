"""What a service reports of itself, as a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from vitalrig.errors import BadMessage
from vitalrig.metrics.validate import OTHER, identifier, label, mapping, number, optional_number

MAX_STEPS = 64
"""More steps than any service has; a report with more is refused."""

SOURCES = ("camera", "replay", "synthetic", "upload")
"""Where frames may come from; a label has one of them or `other`."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """
    The heartbeats of one step.

    Attributes:
        count: Units of work.
        busy_s: Seconds spent working.
        size_bytes: Bytes moved.
        last_beat_us: When the last unit was done; None before the first.
        since_beat_s: How long ago that was when the service reported; None before the first.
        global_rate_hz: Throughput since the start; None before the first.
        window_rate_hz: Throughput over the last units.
        instant_rate_hz: Throughput at the last unit.
    """

    count: float
    busy_s: float
    size_bytes: float
    last_beat_us: float | None
    since_beat_s: float | None
    global_rate_hz: float | None
    window_rate_hz: float | None
    instant_rate_hz: float | None

    @classmethod
    def parse(cls, document: object) -> Self:
        """
        Read one step of a report.

        Raises:
            BadMessage: If it makes no sense.
        """
        fields = mapping(document)
        return cls(
            number(fields.get("count", 0)),
            number(fields.get("busy_s", 0)),
            number(fields.get("size_bytes", 0)),
            optional_number(fields.get("last_beat_us")),
            optional_number(fields.get("since_beat_s")),
            optional_number(fields.get("global_rate_hz")),
            optional_number(fields.get("window_rate_hz")),
            optional_number(fields.get("instant_rate_hz")),
        )


@dataclass(frozen=True, slots=True)
class StreamReport:
    """
    What a camera's stream holds.

    Attributes:
        held_s: Seconds between its oldest and its newest entry.
        size_bytes: Memory that it takes.
    """

    held_s: float
    size_bytes: float

    @classmethod
    def parse(cls, document: object) -> Self:
        """
        Read one stream of a report.

        Raises:
            BadMessage: If it makes no sense.
        """
        fields = mapping(document)
        return cls(number(fields.get("held_s")), number(fields.get("size_bytes")))


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """
    One instance of a service.

    Attributes:
        service: Its name.
        instance: The camera that it serves; empty where it serves all.
        version: Its version.
        updated_us: When it reported.
        steps: Its heartbeats by step.
        counters: Its counters by name.
        camera: The camera whose frames it takes; empty if it takes none.
        source: Where those frames come from; empty if it takes none.
        frame_rate_hz: How many of them a second the source gives; None if that is not known.
        envelopes_waiting: How many envelopes Redis has not taken yet; None for who makes none.
        streams: What the streams hold that it writes, by camera.
        log_failing: 1 if the event log that it keeps cannot be written, else 0; None without one.
        log_behind_s: Seconds of events that the log has not read yet; None without one.
    """

    service: str
    instance: str
    version: str
    updated_us: float
    steps: Mapping[str, StepReport]
    counters: Mapping[str, float]
    camera: str
    source: str
    frame_rate_hz: float | None = None
    envelopes_waiting: float | None = None
    streams: Mapping[str, StreamReport] = field(default_factory=dict)
    log_failing: float | None = None
    log_behind_s: float | None = None

    @classmethod
    def parse(cls, _name: str, document: object) -> Self:
        """
        Read a report.

        Raises:
            BadMessage: If it makes no sense.
        """
        fields = mapping(document)
        steps, facts = mapping(fields.get("steps")), mapping(fields.get("facts"))
        if len(steps) > MAX_STEPS:
            raise BadMessage("too many steps")
        return cls(
            service=identifier(fields.get("service")),
            instance=label(fields.get("instance", "")),
            version=label(fields.get("version", "")),
            updated_us=number(fields.get("updated_us")),
            steps={identifier(name): StepReport.parse(step) for name, step in steps.items()},
            counters=_counters(mapping(fields.get("counters"))),
            camera=label(facts.get("camera", "")),
            source=_source(facts),
            frame_rate_hz=optional_number(facts.get("frame_rate_hz")),
            envelopes_waiting=optional_number(facts.get("envelopes_waiting")),
            streams={
                label(name): StreamReport.parse(stream)
                for name, stream in mapping(facts.get("streams", {})).items()
            },
            log_failing=optional_number(facts.get("log_failing")),
            log_behind_s=optional_number(facts.get("log_behind_s")),
        )


def _counters(counters: Mapping[str, Any]) -> dict[str, float]:
    return {name: number(count) for name, count in counters.items()}


def _source(facts: Mapping[str, Any]) -> str:
    if "source" not in facts:
        return ""
    return facts["source"] if facts["source"] in SOURCES else OTHER
