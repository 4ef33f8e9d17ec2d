"""
Record what a physiology_server publishes.

The documented names come first; :class:`StorageOptions` and what it brings are ours.
"""

from smartspectra.ipc.collector import MetricsCollector
from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.envelope import BadEnvelope, Envelope
from smartspectra.ipc.lock import FolderInUse
from smartspectra.ipc.options import StorageOptions
from smartspectra.ipc.resp import RespReader, encode_command, normalize
from smartspectra.ipc.stats import CollectorStats

__all__ = [
    "BadEnvelope",
    "CollectorStats",
    "Envelope",
    "FolderInUse",
    "MetricsCollector",
    "MetricsCollectorConfig",
    "RespReader",
    "StorageOptions",
    "encode_command",
    "normalize",
]
