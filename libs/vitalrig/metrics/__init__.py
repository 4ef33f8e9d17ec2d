"""
What a service says of itself, for Prometheus: one definition for the two pages that show it.

A service's report (`vitalrig.service.heartbeats`) reaches a page in two ways: by Redis to the
exporter's, which shows all services, and directly to the service's own, if it has one. Names,
labels, help and what is not shown because it is not live are the same on both, because both are
made here.
"""
