"""How a benchmark shows its figures."""

import json
from collections.abc import Mapping


def show(
    figures: Mapping[str, float | str], limits: Mapping[str, tuple[str, float]], *, as_json: bool
) -> None:
    """Print one flat JSON object, or a table with the bar beside each figure."""
    rounded = {
        name: value if isinstance(value, str) else round(value, 4)
        for name, value in figures.items()
    }
    if as_json:
        print(json.dumps(rounded))
        return
    for name, value in rounded.items():
        how, limit = limits.get(name, ("", ""))
        print(f"{name:36} {value:>14} {how} {limit}")
