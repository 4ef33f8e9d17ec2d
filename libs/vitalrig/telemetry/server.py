"""The documented module of the server; each thing lives in a module of its own."""

from vitalrig.telemetry.api_app import create_app
from vitalrig.telemetry.event_models import ActiveRun, EventRequest, RunStartRequest
from vitalrig.telemetry.event_times import get_site_day_key, utc_iso_z
from vitalrig.telemetry.telemetry_errors import TelemetryConflictError, TelemetryNotFoundError
from vitalrig.telemetry.telemetry_process import telemetry_server
from vitalrig.telemetry.telemetry_service import TelemetryService

__all__ = [
    "ActiveRun",
    "EventRequest",
    "RunStartRequest",
    "TelemetryConflictError",
    "TelemetryNotFoundError",
    "TelemetryService",
    "create_app",
    "get_site_day_key",
    "telemetry_server",
    "utc_iso_z",
]
