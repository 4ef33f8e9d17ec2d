"""Scenarios: a timeline of what goes wrong, on any source, the same each time."""
