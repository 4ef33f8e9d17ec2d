"""What a session holds in memory, of which a thousand may be open at a time."""

import tracemalloc
from pathlib import Path

from benchmarks.support.feed import envelopes
from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig, StorageOptions
from smartspectra.ipc.series.series import CHUNK_SAMPLES, Series
from smartspectra.ipc.wire.envelope_parser import EnvelopeParser

WITHIN_KIB = 200
"""So that a thousand sessions and the collector itself take less than 384 MB."""


class Keeps:
    """Keeps chunks nowhere."""

    def keep(self, stamps, values, raws):
        pass

    def parts(self):
        return {"timestamps": [], "values": [], "relative_us": []}


def test_a_waiting_sample_takes_sixteen_bytes():
    """
    Samples wait as numbers until there are enough for a chunk: a stamp and a value.
    """
    series = Series(Keeps())
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()

    for number in range(CHUNK_SAMPLES - 1):
        series.store(1_760_000_000_000_000 + number * 33_333, 0.5)

    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 20 * CHUNK_SAMPLES


def test_a_session_that_lets_little_wait_takes_little_memory(tmp_path: Path):
    """
    Of many sessions at a time each may hold only so much, however long it lasts.
    """
    config = MetricsCollectorConfig(
        output_jsonl_path=tmp_path / "metrics.jsonl", output_json_path=tmp_path / "metrics.json"
    )
    lines = [envelope for _, envelope in envelopes(30)]
    parser = EnvelopeParser()  # what it makes for their forms is there once, for all sessions
    for line in lines:
        parser.parse(line)
    collector = MetricsCollector(
        config, StorageOptions(fsync="never", snapshot_interval_s=1e9, understand_bytes=8 * 1024)
    )
    collector.start()
    collector.set_session_id("long")
    collector.set_recording_state(True)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()

    for at in range(0, len(lines), 10):
        collector.process_envelopes(lines[at : at + 10])

    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    collector.stop()
    assert (after - before) / 1024 < WITHIN_KIB


def test_a_stamp_beyond_all_numbers_costs_its_sample_alone():
    """
    What a caller gives as a time is counted as unusable if no clock can say it.
    """
    series = Series(Keeps())

    for stamp_us in (10**30, -(10**30), 1_760_000_000_000_000):
        series.store(stamp_us, 0.5)

    assert (1, 2) == (series.count, series.unusable)
