"""The memory that `make up` gives Redis is enough for what its cameras publish."""

import asyncio

import pytest

from benchmarks.redis_memory import FIVE_MINUTES_S, measure
from rig.redis_memory import plan
from tests.support.rounds import rounds


@pytest.mark.parametrize("cameras", [1, 4])
def test_with_the_least_memory_redis_refuses_nothing_and_holds_five_minutes(cameras):
    """
    Ten minutes (or fifteen) of every camera, on the smallest machine that `make up` takes.
    """
    at_hand_mib = next(mib for mib in range(64, 4_096, 4) if plan(mib, cameras).is_enough)

    figures = asyncio.run(measure(cameras, minutes=rounds(10, 15), at_hand_mib=at_hand_mib))

    assert 0 == figures[f"refused_{cameras}"]
    assert 0 == figures[f"lost_{cameras}"]
    assert figures[f"held_s_{cameras}"] >= FIVE_MINUTES_S
    assert figures[f"least_held_s_{cameras}"] >= FIVE_MINUTES_S
    assert figures[f"peak_share_{cameras}"] < 1
