"""
Record what a physiology_server publishes.

The documented names come first; :class:`StorageOptions` and what it brings are ours. Each is
imported when it is first asked for: whoever needs names of channels alone loads no collector.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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

_HOMES = {
    "BadEnvelope": "wire.envelope",
    "CollectorStats": "stats",
    "Envelope": "wire.envelope",
    "FolderInUse": "storage.folder_lock",
    "MetricsCollector": "metrics_collector",
    "MetricsCollectorConfig": "config",
    "RespReader": "wire.resp",
    "StorageOptions": "storage.options",
    "encode_command": "wire.resp",
    "normalize": "wire.resp",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Import what is asked for; the module of the vendor's documents is there as well."""
        if name == "metrics_collector":
            return import_module(f"{__name__}.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        """Name what is there, whether or not it is imported by now."""
        return sorted({*globals(), *__all__})
