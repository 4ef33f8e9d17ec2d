"""
What is under which name in Redis.

The vendor's channels are in `smartspectra.ipc.wire.channels`.

Services report on channels rather than in keys: a Redis whose disk or memory is full refuses every
write and goes on publishing, and who hears a report knows by its own clock how old it is.

The stream `{prefix}:envelopes` holds every envelope that was also published, but for frames, in
one order for all channels. An entry's fields:

- `channel`: the channel without its prefix, such as `core_metrics`;
- `envelope`: the envelope, byte for byte as published;
- `run`: the id of the server's run;
- `seq`: the envelope's number in that run, from 1 without a hole, so that a hole is a proven loss;
- `gap`: only from a relay, on its first entry and after it was away: why something before may be
  missing, though nobody can say how much;
- `gap_ms`: beside `gap`: how long the relay did not listen, where it knows that;
- `follows`: only on the first entry (`seq` 1) of a run: `<run>:<seq>`, the run before it on this
  prefix and the last number that this run ever gave. The server writes it only where it is sure:
  after a stop whose envelopes were all sent or kept on disk, or after a crash that left a whole
  record of what was made. Without it, what the earlier run had not sent is unknown. So it is if
  the run that a reader last heard is not the one that is named.

What a run could not send is kept on disk. The next run sends it first, with its own old `run`,
`seq` and `follows`, and begins only then. An entry may come twice, with the same `run` and `seq`,
where an answer of Redis was lost; never out of order.

While Redis keeps nothing more, the newest is published all the same: `vitalrig.unkept`.

A server that crashed while it recorded may take the recording up again: then the first recording
state of its run says `recording: true` with the session id of the run that it follows. Otherwise
the first one says `false`, which does not end what an earlier run began: only the run that
began a session, or one that took it up again, ends it.

A collector says in the stream how far it has recorded it: the last id of a consumer group of its
own, `vitalrig:recorded:{id}`. All up to there is synced to its disk, and its position too. Nobody
reads through the group. A writer that finds Redis full removes what every such group has passed.

The key `{prefix}:lease` names the server that may write the stream: JSON with `run`, `host`,
`pid`, `since_us` (wall clock) and `pids_of` (the machine's boot and the container in which `pid`
counts). It lives for `LEASE_MS`; its owner alone renews it, every `RENEW_LEASE_S`, and removes it
when it stops. A second server does not start while it is there.

The stream `vitalrig:events` holds what services say has happened, for the telemetry service. An
entry has one field, `event`: JSON with `type`, `data`, `meta` (`emitter`, and `camera` and `run_id`
where it has any), `ts` and `key`. An entry may come twice, with the same `key`, where an answer of
Redis was lost or a service crashed.

The key `vitalrig:testing:owner` is the same for a rig that a test run was given by its URL.
"""

HARNESS = "vitalrig:testing:owner"
"""The key that says which test run uses a rig that it was given: see `testing.rig_owner`."""

HEARTBEATS = "vitalrig:heartbeats:"
"""Channels, each followed by a service instance: its report (`service.heartbeats`), JSON."""

CAMERAS = "vitalrig:cameras:"
"""Channels, each followed by a key prefix: what the collector sees of that camera, JSON."""

REPORTS = "vitalrig:*"
"""The pattern of all these channels."""

EVENTS = "vitalrig:events"
"""The stream of events: see `vitalrig.events`."""

MOST_EVENTS = 10_000
"""About so many events the stream keeps, for while the telemetry service is away."""

FIELD_EVENT = "event"

FIELD_CHANNEL = "channel"
FIELD_ENVELOPE = "envelope"
FIELD_RUN = "run"
FIELD_SEQ = "seq"
FIELD_GAP = "gap"
FIELD_GAP_MS = "gap_ms"
FIELD_FOLLOWS = "follows"

RELAY_RUN = "relay-"
"""
How the run of a relay begins. It goes on with what the relay before it heard: a server behind
relays is not seen to be restarted when they are.
"""

RECORDED_GROUP = "vitalrig:recorded:"
"""How names of consumer groups begin that say how far a collector has recorded a stream."""

LEASE_MS = 10_000
RENEW_LEASE_S = 2.0


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


def recorded_group(collector_id: str) -> str:
    """
    Name of the group that says how far one collector has recorded a stream.
    """
    return f"{RECORDED_GROUP}{collector_id}"


def lease(prefix: str) -> str:
    """
    Name of the key that says which server writes the stream of a key prefix.
    """
    return f"{prefix}:lease"
