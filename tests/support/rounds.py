"""How many rounds a test goes: few where a developer waits, all of them in `make test-all`."""

import os
from typing import TypeVar

Rounds = TypeVar("Rounds", int, float)

LONG = os.environ.get("VITALRIG_LONG_ROUNDS") == "1"


def rounds(few: Rounds, many: Rounds) -> Rounds:
    """*many* with VITALRIG_LONG_ROUNDS=1, as `make test-all` sets it; otherwise *few*."""
    return many if LONG else few
