"""
The events of a rig: what each means, which one service says it, and what is said.

`docs/reference/events.md` is made from this.
"""

from collections.abc import Mapping
from dataclasses import dataclass

EVERY_SERVICE = "every service"
A_PERSON = "a person"


@dataclass(frozen=True, slots=True)
class EventType:
    """
    One type of events.

    Attributes:
        name: Its name.
        owner: Who says it, and nobody else.
        meaning: What has happened.
        data: What is said of it: for each key its meaning.
    """

    name: str
    owner: str
    meaning: str
    data: Mapping[str, str]


EVENT_TYPES = (
    EventType(
        "service.started",
        EVERY_SERVICE,
        "a service works",
        {"version": "its version", "pid": "its process"},
    ),
    EventType(
        "service.stopped",
        EVERY_SERVICE,
        "a service that worked has ended, other than by being killed",
        {"why": "what ended it, if it was not told to stop"},
    ),
    EventType(
        "recording.started",
        "collector",
        "a recording began",
        {
            "timestamp_us": "when, by whoever began it",
            "joined": "whether the collector came late to it",
        },
    ),
    EventType(
        "recording.paused",
        "collector",
        "what is to be recorded cannot be written, or does not come",
        {"why": "the reason"},
    ),
    EventType(
        "recording.resumed",
        "collector",
        "it is written again",
        {"paused_s": "seconds since the pause began"},
    ),
    EventType(
        "recording.stopped",
        "collector",
        "a recording ended",
        {"why": "what ended it, if not a stop of whoever began it"},
    ),
    EventType(
        "session.closed",
        "collector",
        "a recording's files are finished, as its manifest says",
        {
            "verdict": "whether it is complete, in words",
            "complete": "the same as true or false",
            "reasons": "what may be missing, each in words",
            "part": "which part of the recording it is, from 1",
            "goes_on": "whether the recording goes on in another part",
            "duration_s": "seconds from its start to its stop",
            "envelopes": "how many it has",
            "missing": "how many are known to be missing",
            "bytes": "size of its JSONL",
        },
    ),
    EventType(
        "status.changed",
        "collector",
        "a camera's status is another one now",
        {"status": "the status", "was": "the one before; empty for none"},
    ),
    EventType(
        "envelopes.missing",
        "collector",
        "envelopes of a camera never came",
        {
            "missing": "how many; 0 where nobody knows",
            "within_s": "seconds in which they were made; 0 where nobody knows",
            "why": "the reason",
        },
    ),
    EventType(
        "source.lost",
        "physiology_server",
        "a camera gives no pictures, or always the same one",
        {"source": "the device or stream, without passwords", "why": "the reason"},
    ),
    EventType(
        "source.back",
        "physiology_server",
        "it gives pictures again",
        {"source": "the device or stream", "away_s": "seconds without"},
    ),
    EventType(
        "clock.moved",
        "physiology_server",
        "the wall clock was set while frames came, and their stamps follow it",
        {"by_s": "seconds; negative for back"},
    ),
    EventType(
        "disk.low",
        "telemetry",
        "a disk has little room left",
        {
            "disk": "`sessions` or `telemetry`, by what is kept there",
            "free_bytes": "room left",
            "least_bytes": "room that there should be",
        },
    ),
    EventType(
        "disk.ok",
        "telemetry",
        "it has room again",
        {
            "disk": "`sessions` or `telemetry`",
            "free_bytes": "room left",
            "least_bytes": "room that there should be",
        },
    ),
    EventType(
        "redis.lost",
        "telemetry",
        "Redis does not answer, or refuses",
        {"why": "the reason"},
    ),
    EventType(
        "redis.back",
        "telemetry",
        "Redis answers again",
        {"away_s": "seconds since it did not"},
    ),
    EventType(
        "mark",
        A_PERSON,
        "somebody wrote a note",
        {"text": "the note"},
    ),
)
"""Every type of events that a rig has by itself, in the order in which they are documented."""
