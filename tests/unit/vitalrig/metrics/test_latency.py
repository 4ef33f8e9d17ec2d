"""How long envelopes took, by bucket."""

import pytest

from vitalrig.metrics.latency import LIMITS_S, LONGEST_S, LatencyHistogram

NOW_US = 1_760_000_000_000_000


def seen(*took_s):
    latencies = LatencyHistogram()
    for seconds in took_s:
        latencies.see(NOW_US - round(seconds * 1_000_000), NOW_US)
    return latencies


@pytest.mark.parametrize(
    ("took_s", "bucket"),
    [(0.0, 0), (LIMITS_S[0], 0), (0.006, 1), (LIMITS_S[-1], -2), (61.0, -1), (LONGEST_S, -1)],
)
def test_a_latency_is_counted_up_to_its_limit(took_s, bucket):
    """
    A limit belongs to the bucket that it ends, as Prometheus's `le` says.
    """
    counts = seen(took_s).document()["counts"]

    assert (1, 1) == (counts[bucket], sum(counts))


def test_the_sum_is_that_of_all_that_were_counted():
    """
    Over their number it is the mean.
    """
    document = seen(0.25, 0.5, -1.0, LONGEST_S + 1).document()

    assert (0.75, 2) == (document["sum_s"], sum(document["counts"]))


@pytest.mark.parametrize("took_s", [-0.001, -60.0, LONGEST_S + 0.001, 56 * 365 * LONGEST_S])
def test_a_stamp_of_another_clock_is_no_latency(took_s):
    """
    One recording of last year would be the sum for ever.
    """
    latencies = seen(took_s)

    assert (1, 0) == (latencies.off_clock, sum(latencies.document()["counts"]))
