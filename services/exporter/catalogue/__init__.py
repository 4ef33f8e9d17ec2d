"""
Every metric there is: its name, kind, unit, labels and help are here and nowhere else.

A page holds samples of these metrics only, `docs/reference/metrics.md` is written from this
table, and dashboards and alerts are checked against it.
"""

from services.exporter.catalogue.cameras import CAMERAS
from services.exporter.catalogue.rig import RIG
from vitalrig.metrics.metric import Kind, Metric
from vitalrig.metrics.service_catalogue import SERVICES

METRICS: tuple[Metric, ...] = (*CAMERAS, *SERVICES, *RIG)
"""All metrics, in the order of the page."""

CATALOGUE: dict[str, Metric] = {metric.name: metric for metric in METRICS}
"""All metrics by the name that Prometheus knows."""

__all__ = ["CATALOGUE", "METRICS", "Kind", "Metric"]
