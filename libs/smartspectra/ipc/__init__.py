"""
Record what a physiology_server publishes.

The documented names come first; :class:`StorageOptions` and what it brings are ours.
"""

from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.metrics_collector import MetricsCollector
from smartspectra.ipc.stats import CollectorStats
from smartspectra.ipc.storage.folder_lock import FolderInUse
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope
from smartspectra.ipc.wire.resp import RespReader, encode_command, normalize

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
