"""Every public method from any thread, as the documents' own examples do it."""

import itertools
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartspectra.ipc import MetricsCollector, StorageOptions
from smartspectra.ipc.metrics_collector import MetricsCollector as Collector
from tests.support.patience import PATIENCE_S
from tests.unit.ipc.making import START_US, collector, document, envelope, lines, sample

FEEDERS = 2
FED = 150

LOOKS: dict[str, Callable[[MetricsCollector], object]] = {
    "snapshot": lambda made: check_snapshot(made.get_current_snapshot()),
    "stats": lambda made: made.stats,
    "tick": lambda made: made.tick(),
    "losses": lambda made: (made.losses, made.durable_position, made.paused, made.unfinished),
    "write a snapshot": lambda made: made.write_snapshot_temp(),
    "periodic snapshot": lambda made: made.maybe_write_periodic_snapshot(),
    "inner state": lambda made: (made._series_data, made._jsonl_count, made._envelope_count),
    "name": lambda made: made.records("a"),
}
TURNS: dict[str, Callable[[MetricsCollector], object]] = {
    "start recording": lambda made: made.set_recording_state(True),
    "stop recording": lambda made: made.set_recording_state(False),
    "session a": lambda made: made.set_session_id("a"),
    "session b": lambda made: made.set_session_id("b"),
    "resume a": lambda made: made.resume_session("a"),
    "restart": lambda made: (made.stop(), made.start()),
}


@contextmanager
def hasty_switches(interval_s: float):
    """Let threads take turns much more often than usual."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(interval_s)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def check_snapshot(snapshot) -> None:
    """What anyone sees at any moment is whole: equal columns, rising times."""
    total = 0
    for of_channel in snapshot["series"].values():
        for series in of_channel.values():
            stamps = series["timestamps"]
            assert len(stamps) == len(series["values"]) == len(series["relative_us"])
            assert all(a < b for a, b in itertools.pairwise(stamps))
            total += len(stamps)
    assert total == snapshot["meta"]["total_samples"]


def feed(made: MetricsCollector, feeder: int) -> None:
    """A series of its own with a value of its own for each sample."""
    for number in range(FED):
        at_us = START_US + number * 10
        trace = [sample(at_us, feeder * FED + number)]
        made.process_envelope(envelope("edge_metrics", {f"t{feeder}": {"trace": trace}}, at_us))


def run_together(*works: Callable[[], object]) -> None:
    """Do all at once; what one of them raises is raised here."""
    failed: list[BaseException] = []
    begin = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            begin.wait(PATIENCE_S)
            work()
        except BaseException as exc:  # noqa: BLE001  raised again below
            failed.append(exc)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not any(thread.is_alive() for thread in threads), "a deadlock"
    if failed:
        raise failed[0]


def recorded_values(folder: Path, of: Callable[[Path], list[float]]) -> list[float]:
    return sorted(value for path in folder.glob("metrics*.jsonl") for value in of(path))


def in_lines(path: Path) -> list[float]:
    return [
        float(value.split(b",")[0]) for line in lines(path) for value in line.split(b'"value":')[1:]
    ]


def in_summary(path: Path) -> list[float]:
    series = document(path.with_suffix(".json"))["series"]
    return [
        value for of in series.values() for columns in of.values() for value in columns["values"]
    ]


@given(
    looks=st.lists(st.lists(st.sampled_from(sorted(LOOKS)), max_size=40), min_size=1, max_size=2),
    turns=st.lists(st.sampled_from(sorted(TURNS)), max_size=8),
    interval_s=st.sampled_from([1e-6, 1e-5, 1e-4]),
    options=st.fixed_dictionaries({"spill": st.booleans(), "wait": st.booleans()}),
)
@settings(max_examples=40)
def test_whatever_threads_do_at_once_each_sample_is_recorded_once(
    tmp_path_factory, looks, turns, interval_s, options
):
    """
    Two feed, others look, one begins and ends sessions: nothing is lost, doubled or raised.
    """
    folder = tmp_path_factory.mktemp("threads")
    made = collector(folder, StorageOptions(fsync="never", **options), append_mode=True)
    works = [lambda feeder=feeder: feed(made, feeder) for feeder in range(FEEDERS)]
    works += [lambda names=names: [LOOKS[name](made) for name in names] for names in looks]
    works.append(lambda: [TURNS[name](made) for name in turns])
    with hasty_switches(interval_s):
        run_together(*works)
    unwritten = made.stats.unwritten_envelopes
    made.stop()
    values = recorded_values(folder, in_lines)

    # Between stop() and start() there is no file, and what comes is counted.
    assert FEEDERS * FED == len(values) + unwritten
    assert len(set(values)) == len(values)
    assert values == recorded_values(folder, in_summary)


@pytest.mark.parametrize("spill", [True, False])
def test_a_look_at_a_long_session_does_not_hold_up_the_recording(tmp_path, spill, monkeypatch):
    """
    Who looks waits for a copy of what is new, and turns columns into numbers beside it.
    """
    made = collector(tmp_path, StorageOptions(spill=spill))
    feed(made, 0)
    looking, go_on = threading.Event(), threading.Event()
    document = type(made._sessions.current.document())
    to_dict = document.to_dict

    def slowly(self):
        looking.set()
        assert go_on.wait(PATIENCE_S)
        return to_dict(self)

    monkeypatch.setattr(document, "to_dict", slowly)
    seen: list[dict] = []
    thread = threading.Thread(target=lambda: seen.append(made.get_current_snapshot()))
    thread.start()
    assert looking.wait(PATIENCE_S)
    feed(made, 1)  # would wait for ever
    go_on.set()
    thread.join(PATIENCE_S)
    made.stop()

    assert [FED] == [each["meta"]["total_samples"] for each in seen]


def test_subclasses_hooks_are_called_by_one_thread_at_a_time(tmp_path):
    """
    A subclass that counts in its own attribute needs no lock of its own.
    """

    class Counting(Collector):
        inside = 0

        def _store_sample(self, *arguments):
            assert self.inside == 0
            self.inside += 1
            super()._store_sample(*arguments)
            self.inside -= 1

    made = Counting(collector(tmp_path).config, StorageOptions(lock=False))
    made.start()
    with hasty_switches(1e-6):
        run_together(*(lambda feeder=feeder: feed(made, feeder) for feeder in range(3)))
    made.stop()

    assert 3 * FED == made.stats.samples
