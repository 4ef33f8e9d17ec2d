"""
An event log over HTTP, with the interface of PANOPTES telemetry.

Importing this imports nothing else; a name brings what it needs when it is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vitalrig.extras import is_ours, missing

if TYPE_CHECKING:
    from vitalrig.telemetry.api_app import create_app
    from vitalrig.telemetry.client import TelemetryClient
    from vitalrig.telemetry.client_errors import TelemetryClientError
    from vitalrig.telemetry.event_models import (
        ActiveRun,
        EventRequest,
        RunStartRequest,
        TelemetryEvent,
    )
    from vitalrig.telemetry.event_times import get_site_day_key, utc_iso_z
    from vitalrig.telemetry.telemetry_errors import TelemetryConflictError, TelemetryNotFoundError
    from vitalrig.telemetry.telemetry_process import telemetry_server
    from vitalrig.telemetry.telemetry_service import TelemetryService

_HOMES = {
    "ActiveRun": "event_models",
    "EventRequest": "event_models",
    "RunStartRequest": "event_models",
    "TelemetryClient": "client",
    "TelemetryClientError": "client_errors",
    "TelemetryConflictError": "telemetry_errors",
    "TelemetryEvent": "event_models",
    "TelemetryNotFoundError": "telemetry_errors",
    "TelemetryService": "telemetry_service",
    "create_app": "api_app",
    "get_site_day_key": "event_times",
    "telemetry_server": "telemetry_process",
    "utc_iso_z": "event_times",
}

__all__ = [
    "ActiveRun",
    "EventRequest",
    "RunStartRequest",
    "TelemetryClient",
    "TelemetryClientError",
    "TelemetryConflictError",
    "TelemetryEvent",
    "TelemetryNotFoundError",
    "TelemetryService",
    "create_app",
    "get_site_day_key",
    "telemetry_server",
    "utc_iso_z",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  whatever is asked for
    """
    Import what is asked for.

    Raises:
        ImportError: If what it needs is not installed; the text names the extra.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    except ImportError as exc:
        if is_ours(exc):
            raise
        raise ImportError(missing(exc, f"{__name__}.{name}", "telemetry"), name=exc.name) from exc
