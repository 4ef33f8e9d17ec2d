"""Chance that can be had again."""

import os
import random


def a_dice() -> random.Random:
    """Seeded anew or by VITALRIG_TEST_SEED; pytest shows what is printed when a test fails."""
    seed = int(os.environ.get("VITALRIG_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"VITALRIG_TEST_SEED={seed}")  # noqa: T201
    return random.Random(seed)
