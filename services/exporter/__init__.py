"""The exporter: what the rig says of itself, on a page for Prometheus."""
