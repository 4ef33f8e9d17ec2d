"""
What a service says of itself, for Prometheus: one definition for the two pages that show it.

A service's report (`vitalrig.service.heartbeats`) reaches a page in two ways: by Redis to the
exporter's, which shows all services, and directly to the service's own, if it has one. Both pages
have the same names, labels and help, and leave out the same numbers when they are not live,
because both are made here.
"""
