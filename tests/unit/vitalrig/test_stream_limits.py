"""When and how much a writer trims its stream."""

import pytest

from vitalrig.stream_limits import Limits, StreamState, questions

MIB = 1 << 20


def a_state(held_s, used=0, limit=256, silent_s=0.0, recorded=None):
    """A stream over so many seconds, to which nothing was added for *silent_s*."""
    return StreamState(
        entries=round(held_s * 35),
        size_bytes=round(held_s * 35 * 790),
        oldest_ms=1_000_000,
        newest_ms=1_000_000 + round(held_s * 1_000),
        now_ms=1_000_000 + round((held_s + silent_s) * 1_000),
        used_bytes=used * MIB,
        limit_bytes=limit * MIB,
        recorded=recorded,
    )


@pytest.mark.parametrize(
    ("held_s", "used", "wants"),
    [
        (1_700, 200, False),
        (1_700, 230, True),
        (400, 230, False),
        (400, 242, True),
        (300, 242, False),
        (300, 250, True),
    ],
)
def test_the_longest_streams_give_way_first(held_s, used, wants):
    """
    So that no camera's stream is trimmed again and again for the others.
    """
    assert wants == Limits().wants_room(a_state(held_s, used))


def test_a_redis_without_a_limit_is_never_full():
    """
    Nor is one that does not say.
    """
    assert not Limits().wants_room(a_state(1_700, 10_000, 0))


@pytest.mark.parametrize(("held_s", "left_s"), [(1_600, 1_400), (320, 300)])
def test_room_is_an_eighth_and_never_of_the_last_minutes(held_s, left_s):
    """
    The oldest goes, as far as it may.
    """
    state = a_state(held_s)
    command = Limits().room("stream", state)
    oldest_ms = int(command[-1].partition("-")[0])

    assert (("XTRIM", "stream", "MINID"), left_s * 1_000) == (
        command[:3],
        state.newest_ms - oldest_ms,
    )


@pytest.mark.parametrize(
    ("recorded", "first_that_stays"),
    [((1_100_000, 7), "1010000-0"), ((1_004_000, 7), "1004000-7")],
    ids=["an eighth", "all that is recorded"],
)
def test_of_the_last_minutes_an_eighth_goes_at_most_and_only_what_is_recorded(
    recorded, first_that_stays
):
    """
    The last entry that is recorded stays: by it a collector knows its stream again.
    """
    command = Limits().recorded_room("stream", a_state(80, recorded=recorded))

    assert ("XTRIM", "stream", "MINID", first_that_stays) == command


def groups(*last_ids):
    """What Redis says of the collectors' groups, and of another's that has read everything."""
    own = [[b"name", b"vitalrig:recorded:%d" % n, b"last-delivered-id", each]
           for n, each in enumerate(last_ids)]  # fmt: skip
    return [*own, [b"name", b"somebody", b"last-delivered-id", b"9-0"]]


@pytest.mark.parametrize(
    ("said", "recorded"),
    [
        (groups(b"7-3"), (7, 3)),
        (groups(b"7-3", b"4-1"), (4, 1)),
        (groups(b"7-3", b"0-0"), (0, 0)),
        (groups(b"9-1"), (9, 1)),
        (groups(b"9-2", b"4-1"), None),
        (groups(), None),
        (ConnectionError("no such key"), None),
    ],
    ids=["one", "slowest", "just begun", "all", "of another stream", "nobody", "no answer"],
)
def test_recorded_is_what_the_slowest_collector_has(said, recorded):
    """
    One that is ahead of the stream tells of an earlier one, and has nothing of this.
    """
    answers = dict.fromkeys(questions("stream"))
    answers["XINFO", "GROUPS", "stream"] = said
    answers["XREVRANGE", "stream", "+", "-", "COUNT", 1] = [(b"9-1", {})]

    assert recorded == StreamState.parse(list(answers.values())).recorded


@pytest.mark.parametrize("held_s", [0, 299, 300])
def test_there_is_no_room_in_the_last_minutes(held_s):
    """
    Redis then refuses, and the server keeps on disk what it makes.
    """
    assert None is Limits().room("stream", a_state(held_s))


def test_a_redis_that_refused_for_long_gets_room_at_last():
    """
    What nobody adds to grows no longer, but older: recording does not end for good.
    """
    assert None is not Limits().room("stream", a_state(60, silent_s=241))


@pytest.mark.parametrize(
    ("max_mib", "entries"),
    [(0, 60_000), (1_000, 60_000), (20, 20 * MIB // 790), (1, 300 * 35)],
    ids=["no limit", "more than fits", "memory", "the last minutes"],
)
def test_memory_becomes_a_number_of_entries(max_mib, entries):
    """
    By the size of the entries that are there; Redis trims by number with each one that is added.
    """
    allowed = Limits(max_bytes=max_mib * MIB).entries(a_state(1_500))

    assert entries == pytest.approx(allowed, rel=0.001)
