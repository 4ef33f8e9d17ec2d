"""The module in which the vendor's package keeps its collector, for those who import it."""

from smartspectra.ipc.collector import MetricsCollector
from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.extract import (
    _coerce_sample_timestamp,
    _coerce_sample_value,
    _extract_measurement_lists,
    _has_time_fields,
)
from smartspectra.ipc.resp import RespReader, encode_command, normalize

__all__ = [
    "MetricsCollector",
    "MetricsCollectorConfig",
    "RespReader",
    "_coerce_sample_timestamp",
    "_coerce_sample_value",
    "_extract_measurement_lists",
    "_has_time_fields",
    "encode_command",
    "normalize",
]
