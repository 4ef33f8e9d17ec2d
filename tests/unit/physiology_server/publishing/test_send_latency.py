"""How long envelopes waited until they were sent."""

from services.physiology_server.publishing.send_latency import SendLatencies
from vitalrig.clock import ManualClock


def test_without_envelopes_there_is_no_figure():
    """
    Not a zero that looks like a fast one.
    """
    assert None is SendLatencies(ManualClock()).summary()


def test_percentiles_are_those_of_the_sorted_latencies():
    """
    One slow envelope in a hundred shows as the slowest, not as the 99th percentile.
    """
    clock = ManualClock()
    latencies = SendLatencies(clock)
    for number in range(100, 0, -1):
        latencies.add(clock.monotonic_s(), number / 1_000)
    summary = latencies.summary()

    assert (100, 50.0, 99.0, 100.0) == (
        summary.count, summary.p50_ms, summary.p99_ms, summary.max_ms,
    )  # fmt: skip


def test_what_was_sent_before_the_window_no_longer_counts():
    """
    Three seconds after the last envelope there is no figure any more.
    """
    clock = ManualClock()
    latencies = SendLatencies(clock, window_s=3.0)
    latencies.add(clock.monotonic_s(), 0.9)
    clock.advance(2.0)
    latencies.add(clock.monotonic_s(), 0.1)
    clock.advance(2.0)
    one = latencies.summary().max_ms
    clock.advance(2.0)

    assert (100.0, None) == (one, latencies.summary())


def test_throughput_is_per_second_of_the_window():
    """
    Ninety envelopes in three seconds are thirty a second.
    """
    clock = ManualClock()
    latencies = SendLatencies(clock, window_s=3.0)
    for _ in range(90):
        latencies.add(clock.monotonic_s(), 0.001)

    assert 30.0 == latencies.summary().per_second
