"""
Compare `vitalrig.heartbeat` with PyPI's `apphb`, side by side in one run.

    python benchmarks/heartbeat.py            a table
    python benchmarks/heartbeat.py --json     one flat JSON object

Rounds of the two alternate, each round gives a ratio, and the median of the ratios counts, so that
a busy machine slows both. Times are of the CPU clock. The loop around the calls is timed as well,
for both. Headline ratios are the worst of their variants.
"""

import argparse
import gc
import json
import platform
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import apphb  # type: ignore[import-untyped]
import apphb.logging  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "libs"))

import vitalrig.heartbeat
import vitalrig.heartbeat.logging

WINDOWS = (10, 1_000, 100_000)
FIELDS = (0, 3)
SECONDS = [0.001 * (number % 97 + 1) for number in range(1_000)]
NANOSECONDS = [1_000_000 * (number % 97 + 1) + number for number in range(1_000)]
OURS, THEIRS = vitalrig.heartbeat, apphb
LIMITS = {
    "time_ratio_0_fields": 0.5,
    "time_ratio_3_fields": 0.5,
    "memory_ratio": 0.2,
    "log_row_ratio": 0.1,
    "beat_and_read_rate_ratio": 1.0,
    "beat_and_read_record_ratio": 1.2,
}


def heartbeat(library: Any, window: int, fields: int) -> Any:
    return library.Heartbeat(window, 1, (1,) * fields)


def beat(hbt: Any, fields: int, count: int) -> None:
    call = hbt.heartbeat
    seconds = SECONDS
    if fields:
        for number in range(count):
            value = seconds[number % 1_000]
            call(number, (value,), ((value,), (value,), (value,)))
    else:
        for number in range(count):
            call(number, (seconds[number % 1_000],))


def filled(library: Any, window: int, fields: int) -> Any:
    # More than full: every record has seen others leave its window.
    hbt = heartbeat(library, window, fields)
    beat(hbt, fields, 5 * window // 2)
    return hbt


def ns_per(work: Callable[[], object], units: int) -> float:
    began_ns = time.process_time_ns()
    work()
    return (time.process_time_ns() - began_ns) / units


def side_by_side(
    ours: Callable[[], object], theirs: Callable[[], object], units: int, rounds: int
) -> tuple[float, float, float]:
    """
    Median ratio, and median nanoseconds per unit of ours and theirs.
    """
    pairs = []
    for number in range(rounds):
        # Each goes first in every other round.
        if number % 2:
            mine = ns_per(ours, units)
            other = ns_per(theirs, units)
        else:
            other = ns_per(theirs, units)
            mine = ns_per(ours, units)
        pairs.append((mine, other))
    return (
        median(mine / other for mine, other in pairs),
        median(mine for mine, _ in pairs),
        median(other for _, other in pairs),
    )


def measure_beats(rounds: int, beats: int) -> Iterator[tuple[str, float]]:
    for fields in FIELDS:
        ratios = []
        for window in WINDOWS:
            ours, theirs = filled(OURS, window, fields), filled(THEIRS, window, fields)
            ratio, our_ns, their_ns = side_by_side(
                partial(beat, ours, fields, beats),
                partial(beat, theirs, fields, beats),
                beats,
                rounds,
            )
            ratios.append(ratio)
            yield f"time_ratio_{fields}_fields_window_{window}", ratio
            yield f"time_ns_{fields}_fields_window_{window}_ours", our_ns
            yield f"time_ns_{fields}_fields_window_{window}_apphb", their_ns
        yield f"time_ratio_{fields}_fields", max(ratios)


def beat_and_read(
    hbt: Any, fields: int, values: list[Any], made_read: Callable[[Any], Callable[[], object]]
) -> None:
    call, read = hbt.heartbeat, made_read(hbt)
    if fields:
        for number, value in enumerate(values):
            call(number, (value,), ((value,), (value,), (value,)))
            read()
    else:
        for number, value in enumerate(values):
            call(number, (value,))
            read()


def heart_rate_of_record(hbt: Any) -> Callable[[], object]:
    return lambda: hbt.get_record().time.wndw_rate


def rates_of_record(hbt: Any) -> Callable[[], object]:
    def read() -> object:
        record = hbt.get_record()
        return record.time.wndw_rate, [field.wndw_rate for field in record.field_records]

    return read


READS: dict[str, Callable[[Any], Callable[[], object]]] = {
    "rate": lambda hbt: hbt.get_window_rate,
    "record": heart_rate_of_record,
    "whole_record": rates_of_record,
}


def measure_reads(rounds: int, beats: int) -> Iterator[tuple[str, float]]:
    """
    A loop that reads after each beat: a rate, a record and its heart rate, or all of a record.

    Fields other than time are worked out when somebody looks at them, hence the two kinds of
    reading a record.
    """
    for name, made_read in READS.items():
        ratios = []
        for fields in FIELDS:
            for kind, numbers in ("floats", SECONDS), ("nanoseconds", NANOSECONDS):
                values = numbers * (beats // len(numbers))
                ours, theirs = heartbeat(OURS, 1_000, fields), heartbeat(THEIRS, 1_000, fields)
                our_work, their_work = (
                    partial(beat_and_read, hbt, fields, values, made_read) for hbt in (ours, theirs)
                )
                our_work(), their_work()  # fills the windows
                ratio, our_ns, their_ns = side_by_side(our_work, their_work, len(values), rounds)
                ratios.append(ratio)
                yield f"beat_and_read_{name}_ratio_{fields}_fields_{kind}", ratio
                yield f"beat_and_read_{name}_ns_{fields}_fields_{kind}_ours", our_ns
                yield f"beat_and_read_{name}_ns_{fields}_fields_{kind}_apphb", their_ns
        yield f"beat_and_read_{name}_ratio", max(ratios)


def bytes_per_record(library: Any, window: int, fields: int, *, is_read: bool = False) -> float:
    gc.collect()
    tracemalloc.start()
    hbt = heartbeat(library, window, fields)
    # Three windows, because what is kept of older beats counts, too. Values are new objects.
    for number in range(3 * window):
        value = 0.001 * (number % 97 + 1)
        if fields:
            hbt.heartbeat(number + 1_000, (value,), tuple((value * at,) for at in range(fields)))
        else:
            hbt.heartbeat(number + 1_000, (value,))
        if is_read:
            hbt.get_window_rate()
    gc.collect()
    size_bytes, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert hbt.count == 3 * window
    return size_bytes / window


def measure_memory() -> Iterator[tuple[str, float]]:
    ratios = []
    for fields in FIELDS:
        for window in (1_000, 10_000):
            ours = bytes_per_record(OURS, window, fields)
            theirs = bytes_per_record(THEIRS, window, fields)
            ratios.append(ours / theirs)
            yield f"memory_ratio_{fields}_fields_window_{window}", ours / theirs
            yield f"memory_bytes_{fields}_fields_window_{window}_ours", ours
            yield f"memory_bytes_{fields}_fields_window_{window}_apphb", theirs
    yield "memory_ratio", max(ratios)
    ours, theirs = (bytes_per_record(library, 1_000, 0, is_read=True) for library in (OURS, THEIRS))
    yield "memory_ratio_if_read_after_each_beat", ours / theirs


def repeated(work: Callable[[], object], times: int) -> None:
    for _ in range(times):
        work()


def measure_log_rows(rounds: int) -> Iterator[tuple[str, float]]:
    ratios = []
    for fields in FIELDS:
        window = 1_000
        ours, theirs = filled(OURS, window, fields), filled(THEIRS, window, fields)
        our_row = partial(OURS.logging.get_log_record, ours.get_record())
        their_row = partial(THEIRS.logging.get_log_record, theirs.get_record())
        cases: dict[str, tuple[Callable[[], object], Callable[[], object], int]] = {
            "window": (
                partial(OURS.logging.get_log_records, ours),
                partial(THEIRS.logging.get_log_records, theirs),
                window,
            ),
            "single": (partial(repeated, our_row, 200), partial(repeated, their_row, 200), 200),
        }
        for case, (our_work, their_work, rows) in cases.items():
            ratio, our_ns, their_ns = side_by_side(our_work, their_work, rows, rounds)
            ratios.append(ratio)
            yield f"log_row_ratio_{fields}_fields_{case}", ratio
            yield f"log_row_ns_{fields}_fields_{case}_ours", our_ns
            yield f"log_row_ns_{fields}_fields_{case}_apphb", their_ns
    yield "log_row_ratio", max(ratios)


def measure_threads(threads: int = 8, beats: int = 100_000) -> Iterator[tuple[str, float | bool]]:
    hbt = heartbeat(OURS, 1_000, 0)
    failures: list[BaseException] = []
    ready = threading.Barrier(threads)

    def work() -> None:
        try:
            ready.wait()
            for number in range(beats):
                hbt.heartbeat(number, (1,))
        except BaseException as failure:  # noqa: BLE001 - whatever it is, it is a failure
            failures.append(failure)

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    yield "threads_beats", hbt.count
    yield "threads_exceptions", len(failures)
    yield (
        "threads_count_exact",
        not failures and hbt.count == hbt.get_global_count() == threads * beats,
    )


def measure(rounds: int, beats: int) -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "rounds": rounds,
        **dict(measure_beats(rounds, beats)),
        **dict(measure_memory()),
        **dict(measure_log_rows(rounds)),
        **dict(measure_reads(rounds, beats // 10)),
        **dict(measure_threads()),
    }


def print_table(figures: dict[str, Any]) -> None:
    print(f"vitalrig.heartbeat against apphb 0.1.1, Python {figures['python']}\n")
    for name, value in figures.items():
        if isinstance(value, float):
            limit = f"   at most {LIMITS[name]}" if name in LIMITS else ""
            print(f"{name:46}{value:12.3f}{limit}")
        elif isinstance(value, bool):
            print(f"{name:46}{value!s:>12}   must be True")


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare vitalrig.heartbeat with apphb.")
    parser.add_argument("--json", action="store_true", help="print one flat JSON object")
    parser.add_argument("--rounds", type=int, default=9, help="alternating rounds (default 9)")
    parser.add_argument("--beats", type=int, default=50_000, help="beats in a round")
    options = parser.parse_args()
    figures = measure(options.rounds, options.beats)
    if options.json:
        print(json.dumps(figures))
    else:
        print_table(figures)


if __name__ == "__main__":
    main()
