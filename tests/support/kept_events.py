"""What an event log has in its files, as tests ask for it."""

import json
from pathlib import Path
from typing import Any


def kept(site: Path, *types: str) -> list[dict[str, Any]]:
    """The events of these types, or all, from the site's files and all runs, by number."""
    events = [
        json.loads(line)
        for path in site.rglob("*.ndjson")
        for line in path.read_text().splitlines()
    ]
    events.sort(key=lambda event: event["seq"])
    return [event for event in events if not types or event["type"] in types]


def types_of(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in events]


def files_of(site: Path, *types: str) -> set[str]:
    """The files, relative to the site, that hold events of these types."""
    return {
        str(path.relative_to(site))
        for path in site.rglob("*.ndjson")
        if any(json.loads(line)["type"] in types for line in path.read_text().splitlines())
    }
