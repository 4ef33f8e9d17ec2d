"""How much memory Redis and each stream get."""

import pytest

from rig import preflight
from rig.redis_memory import memory_bytes, plan


def test_one_camera_has_half_an_hour_in_little_memory():
    """
    What a rig takes by default.
    """
    memory = plan(at_hand_mib=8 * 1024, cameras=1)

    assert (64, 256) == (memory.stream_mib, memory.redis_mib)
    assert memory.stream_minutes > 30
    assert memory.is_enough


@pytest.mark.parametrize("cameras", [1, 2, 6, 20, 100])
@pytest.mark.parametrize("at_hand_gib", [1, 2, 4, 8, 24, 64])
def test_redis_holds_all_streams_at_once_or_the_rig_is_refused(cameras, at_hand_gib):
    """
    A Redis that is full refuses what every camera publishes, so it is never planned to be.
    """
    memory = plan(at_hand_gib * 1024, cameras)
    streams_mib = cameras * memory.stream_mib

    assert memory.redis_mib <= at_hand_gib * 1024 / 4
    assert memory.is_enough == preflight.check_redis_memory(memory).ok
    if memory.is_enough:
        assert streams_mib * 1.2 + 60 <= memory.redis_mib
        assert memory.stream_minutes > 6


def test_a_hundred_cameras_share_what_there_is():
    """
    Each holds less, and never under five minutes.
    """
    memory = plan(at_hand_mib=24 * 1024, cameras=100)

    assert 12 <= memory.stream_mib < 64
    assert memory.is_enough


def test_too_many_cameras_for_the_machine_are_refused_with_what_they_need():
    """
    `make up` says it before anything starts, rather than Redis after half an hour.
    """
    check = preflight.check_redis_memory(plan(at_hand_mib=2 * 1024, cameras=100))

    assert not check.ok
    assert "1564 MiB are needed" in check.found
    assert "REDIS_MEMORY_MIB" in check.remedy


def test_what_is_asked_for_is_what_counts():
    """
    Both limits can be set; what does not fit together is refused.
    """
    memory = plan(at_hand_mib=2 * 1024, cameras=2, redis_mib=1024, stream_mib=128)

    assert (128, 512) == (memory.stream_mib, memory.redis_mib)
    assert memory.is_enough
    assert not plan(at_hand_mib=2 * 1024, cameras=2, redis_mib=256, stream_mib=128).is_enough


def test_the_programs_are_told_what_was_planned():
    """
    The container has room for Redis twice, for it writes its file anew in a second process.
    """
    assert {
        "RIG_REDIS_MAXMEMORY": "256mb",
        "RIG_REDIS_LIMIT": "640m",
        "RIG_STREAM_MIB": "64",
    } == plan(at_hand_mib=8 * 1024, cameras=1).variables()


@pytest.mark.parametrize(
    "limits",
    [
        {"/sys/fs/cgroup/memory.max": "1000000"},
        {"/sys/fs/cgroup/memory/memory.limit_in_bytes": "1000000"},
    ],
    ids=["version 2", "version 1"],
)
def test_a_container_has_the_memory_of_its_control_group(limits):
    """
    The machine's own would be too much.
    """
    assert 1_000_000 == memory_bytes(limits)
    assert memory_bytes({"/sys/fs/cgroup/memory.max": "max"}) > 1_000_000
