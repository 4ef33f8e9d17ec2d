"""
The tables of docs/guides/scenarios.md, made from the models.

`python -m services.physiology_server.scenarios.docs_page` writes them anew.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from services.physiology_server.scenarios.effects import EFFECTS
from services.physiology_server.scenarios.events import Event
from services.physiology_server.scenarios.scenario import Scenario

PAGE = Path(__file__).parents[3] / "docs" / "guides" / "scenarios.md"
BEGIN = "<!-- Made by `python -m services.physiology_server.scenarios.docs_page` from here -->"
END = "<!-- to here -->"

_COMMON = ("do", "at_s", "for_s")


def tables() -> str:
    """
    What a scenario may hold, and what each effect does.
    """
    lines = ["### Keys of a scenario", "", "| key | default | meaning |", "|---|---|---|"]
    lines += _rows(Scenario, list(Scenario.model_fields))
    lines += [
        "",
        "### Effects",
        "",
        "Every event has `do` and `at_s`. Those that last have `for_s`; without it they last until",
        "the end of the scenario.",
        "",
        "| `do` | lasts | keys of its own | sources | what happens |",
        "|---|---|---|---|---|",
    ]
    for word, effect in EFFECTS.items():
        lasts = _lasts(effect)
        own = _own_keys(effect)
        lines.append(f"| `{word}` | {lasts} | {own} | {_sources(effect)} | {_first_line(effect)} |")
    return "\n".join(lines) + "\n"


def page_with_tables(text: str) -> str:
    """
    *text* with the tables in their place.
    """
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


def _rows(model: type[BaseModel], keys: Sequence[str]) -> list[str]:
    rows = []
    for key in keys:
        field = model.model_fields[key]
        rows.append(f"| `{key}` | {_default(field)} | {field.description} |")
    return rows


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "must be given"
    if field.default in (None, "", ()):
        return ""
    if isinstance(field.default, bool):
        return f"`{str(field.default).lower()}`"
    return f"`{field.default:g}`" if isinstance(field.default, float) else "all"


def _lasts(effect: type[Event]) -> str:
    field = effect.model_fields.get("for_s")
    if field is None:
        return "a moment"
    return "`for_s`" if field.default is None else f"`for_s`, {_default(field)} s if left out"


def _own_keys(effect: type[Event]) -> str:
    keys = []
    for key, field in effect.model_fields.items():
        if key not in _COMMON:
            default = _default(field)
            shown = f" ({default})" if default not in ("", "must be given") else ""
            keys.append(f"`{key}`{shown}: {field.description}")
    return "; ".join(keys)


def _sources(effect: type[Event]) -> str:
    if effect.needs_rates:
        return "synthetic"
    return "all with frames" if effect.needs_frames else "all"


def _first_line(effect: type[Event]) -> str:
    return (effect.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    PAGE.write_text(page_with_tables(PAGE.read_text()))
