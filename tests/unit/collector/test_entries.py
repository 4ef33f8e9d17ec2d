"""What an entry of the durable stream may hold."""

import tracemalloc

import pytest

from services.collector.transport.base import LONGEST_RUN
from services.collector.transport.entries import received_envelope
from vitalrig import redis_keys


@pytest.mark.parametrize("field", [redis_keys.FIELD_RUN, redis_keys.FIELD_CHANNEL])
def test_long_texts_of_a_publisher_are_not_remembered(field):
    """
    Fifty of a megabyte each, all different, leave nothing of their size behind.
    """
    tracemalloc.start()
    try:
        for number in range(50):
            received_envelope("ward", b"1-0", {field.encode(): b"%07d" % number + bytes(1 << 20)})
        kept_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert kept_bytes < 1 << 20


def test_a_long_run_is_cut_after_whole_characters():
    """
    Characters of four bytes are as many as those of one.
    """
    run = "\U0001f493" * (LONGEST_RUN + 5)

    assert (
        run[:LONGEST_RUN]
        == received_envelope("ward", b"1-0", {redis_keys.FIELD_RUN.encode(): run.encode()}).run
    )
