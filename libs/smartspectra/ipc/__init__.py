"""Record what a physiology_server publishes."""

from smartspectra.ipc.collector import MetricsCollector
from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.resp import RespReader, encode_command, normalize

__all__ = ["MetricsCollector", "MetricsCollectorConfig", "RespReader", "encode_command", "normalize"]
