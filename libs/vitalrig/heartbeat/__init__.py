"""
Application heartbeats: count units of work and rate them, over all beats and over a window.

The interface is that of ``apphb`` 0.1, class by class and value by value, with exact sums, beats
that count whole or not at all, and threads. It needs the standard library only. "Heart rate" is
a pipeline's throughput here, never a patient's pulse.
"""

from vitalrig.heartbeat._engine.rows import Norms
from vitalrig.heartbeat.heartbeat import Heartbeat
from vitalrig.heartbeat.records import (
    HeartbeatFieldCount,
    HeartbeatFieldRate,
    HeartbeatFieldRecord,
    HeartbeatFieldRecordData,
    HeartbeatFieldValue,
    HeartbeatIdentifier,
    HeartbeatRecord,
    HeartbeatRecordData,
)
from vitalrig.heartbeat.stats import Span, Summary

__all__ = [
    "Heartbeat",
    "HeartbeatFieldCount",
    "HeartbeatFieldRate",
    "HeartbeatFieldRecord",
    "HeartbeatFieldRecordData",
    "HeartbeatFieldValue",
    "HeartbeatIdentifier",
    "HeartbeatRecord",
    "HeartbeatRecordData",
    "Norms",
    "Span",
    "Summary",
]
