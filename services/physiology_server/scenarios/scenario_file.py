"""From a YAML file to a scenario, or to a message that says where the mistake is."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from services.physiology_server.scenarios.effects import EFFECTS
from services.physiology_server.scenarios.events import Event
from services.physiology_server.scenarios.scenario import Scenario
from vitalrig.errors import BadSettings
from vitalrig.installation import scenario_path


def load_scenario(path: Path | str) -> Scenario:
    """
    Read a scenario.

    Args:
        path: Its file, or the name of one that is shipped.

    Raises:
        BadSettings: If it cannot work: the text names the file, the event's number and the key.
    """
    path = scenario_path(path)
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise BadSettings(f"{path}: cannot be read ({exc.strerror}): check the path") from exc
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as exc:
        raise BadSettings(f"{path}: is not YAML text: {' '.join(str(exc).split())}") from exc
    if not isinstance(document, dict):
        raise BadSettings(f"{path}: a scenario is a mapping with name and timeline")
    return scenario_of(document, str(path))


def scenario_of(document: Mapping[Any, Any], where: str) -> Scenario:
    """
    Make a scenario of a document.

    Args:
        document: What the file holds.
        where: The file, for messages.

    Raises:
        BadSettings: If it cannot work.
    """
    rows = document.get("timeline") or []
    if not isinstance(rows, list):
        raise BadSettings(f"{where}: timeline: must be a list of events")
    events = [_event(row, number, where) for number, row in enumerate(rows, start=1)]
    try:
        scenario = Scenario.model_validate({**document, "timeline": tuple(events)})
    except ValidationError as exc:
        raise BadSettings(_explain(exc, Scenario, where)) from exc
    for number, key, why in scenario.flaws():
        place = f"event {number} ({scenario.timeline[number - 1].do}), " if number else ""
        raise BadSettings(f"{where}: {place}{key}: {why}")
    return scenario


def _event(row: object, number: int, where: str) -> Event:
    if not isinstance(row, dict):
        raise BadSettings(f"{where}: event {number}: must be a mapping with at_s and do, not {row}")
    do = row.get("do")
    if not isinstance(do, str) or do not in EFFECTS:
        raise BadSettings(
            f"{where}: event {number}, do: {do!r} is not an effect{_near(do, EFFECTS)}; "
            f"there are {', '.join(EFFECTS)}"
        )
    try:
        return EFFECTS[do].model_validate(row)
    except ValidationError as exc:
        raise BadSettings(_explain(exc, EFFECTS[do], f"{where}: event {number} ({do})")) from exc


def _explain(error: ValidationError, model: type[BaseModel], where: str) -> str:
    """
    The first mistake: which key, and what is wrong with it.
    """
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    separator = ", " if ": event " in where else ": "
    if first["type"] == "extra_forbidden":
        return f"{where}{separator}{key}: unknown key{_near(key, model.model_fields)}"
    if first["type"] == "missing":
        return f"{where}{separator}{key}: is missing"
    return f"{where}{separator}{key}: {first['msg']} (it is {first['input']!r})"


def _near(word: object, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(str(word), list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
