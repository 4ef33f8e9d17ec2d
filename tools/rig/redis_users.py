"""
Redis's users: one a service, each with the keys, channels and commands that it needs.

Only what writes a stream, a server or the relay, may trim or delete one. The collector may say
there what it has recorded.
"""

import hashlib
from collections.abc import Mapping

DEFAULT = "default"
"""
Who connects with a password alone: a vendor's server, and nobody else.

Redis asks for this user's rights again when it reads transactions from its append-only file at its
start, so they must not be taken away: what a server wrote would be lost.
"""

CLIENT = "client"
"""Samples, notebooks and health checks: who listens and reads."""

# What every connection does first. Everything that administers the server is taken out again.
_CONNECT = "-@all +@connection -@dangerous -@admin +info"
_READ_STREAM = "+xread +xrange +xrevrange +xlen +xinfo|stream +exists +get"
_WRITE_STREAM = (
    "+xadd +xtrim +xlen +xrange +xrevrange +memory|usage +xinfo|groups +xgroup|destroy +time "
    "+multi +exec +discard"
)
_HEAR = "+subscribe +unsubscribe +psubscribe +punsubscribe"
_STREAM, _LAST_STATE, _LEASE = "~*:envelopes", "~*:recording_state:last", "~*:lease"
_ENVELOPES = "&*:core_metrics &*:edge_metrics &*:status &*:recording_state"
_UNKEPT = "&*:unkept"
# Whoever says events may add them there, and nothing anywhere else.
_SAY = "(%W~vitalrig:events +xadd)"
_HEARTBEATS, _REPORTS = "&vitalrig:heartbeats:*", "&vitalrig:*"

_RULES = {
    DEFAULT: "~* &* +@all",
    CLIENT: f"%R~* &* {_CONNECT} +@read +@pubsub -publish -keys +config|get +role +client|list "
    "+slowlog|get +slowlog|len +latency|latest +latency|history",
    "physiology_server": f"{_STREAM} {_LAST_STATE} {_LEASE} {_ENVELOPES} &*:frame {_UNKEPT} "
    f"{_HEARTBEATS} {_CONNECT} {_WRITE_STREAM} +publish +get +set +del +pexpire +pttl +eval {_SAY}",
    "relay": f"{_STREAM} {_LAST_STATE} {_ENVELOPES} {_UNKEPT} {_HEARTBEATS} {_CONNECT} "
    f"{_WRITE_STREAM} {_HEAR} +publish +get {_SAY}",
    "collector": f"{_STREAM} %R{_LAST_STATE} {_ENVELOPES} {_UNKEPT} {_REPORTS} {_CONNECT} "
    f"{_READ_STREAM} +xgroup|create +xgroup|setid {_HEAR} +publish +time {_SAY}",
    "exporter": f"{_REPORTS} {_CONNECT} {_HEAR} +publish {_SAY}",
    "telemetry": f"%R~vitalrig:events {_REPORTS} {_CONNECT} {_HEAR} {_READ_STREAM} +publish",
}

NAMES = tuple(_RULES)
"""Every user."""


def password_file(user: str) -> str:
    """
    Return the name of the file with the password of *user*.
    """
    return "redis_password" if user == CLIENT else f"redis_password_{user}"


def acl(passwords: Mapping[str, str], *, vendors_server: bool = False) -> str:
    """
    Return Redis's ACL file, which holds only hashes of passwords.

    Args:
        passwords: The password of each of `NAMES`.
        vendors_server: Whether a vendor's server publishes, which knows no user's name.
    """
    lines = []
    for user in NAMES:
        may_log_in = "on" if user != DEFAULT or vendors_server else "off"
        digest = hashlib.sha256(passwords[user].encode()).hexdigest()
        reset = "resetpass resetkeys resetchannels"
        lines.append(f"user {user} {may_log_in} {reset} #{digest} {_RULES[user]}")
    return "\n".join(lines) + "\n"
