"""
The services, by the names they have everywhere.
"""

SERVICES = ("redis", "physiology_server", "collector", "exporter", "telemetry")
MONITORING = ("prometheus", "alertmanager", "grafana")
