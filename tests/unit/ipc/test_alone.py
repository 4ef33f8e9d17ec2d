"""What the package needs: the standard library, and little memory."""

import subprocess
import sys
import textwrap
import tracemalloc
from pathlib import Path

import pytest

import smartspectra.ipc
from smartspectra.ipc import StorageOptions
from smartspectra.ipc.wire import codec
from tests.unit.ipc.making import START_US, collector, config, envelope, sample

LIBS = Path(smartspectra.ipc.__file__).parents[2]

ALONE = textwrap.dedent(
    """
    import sys
    before = set(sys.modules)
    sys.path.insert(0, sys.argv[1])
    import smartspectra.ipc, smartspectra.ipc.metrics_collector
    came = {name.partition(".")[0] for name in set(sys.modules) - before}
    print(*sorted(came - set(sys.stdlib_module_names)))
    print(smartspectra.ipc.wire.codec.codec().name)
    """
)


def test_the_package_needs_nothing_but_the_standard_library():
    """
    Without site-packages it imports, and brings nothing else in.
    """
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", ALONE, str(LIBS)],
        capture_output=True,
        check=True,
        text=True,
    )

    assert ["smartspectra", "standard"] == result.stdout.split()


def test_who_needs_a_channels_name_loads_no_collector():
    """
    A name of the package is imported when it is asked for, and is there before that.
    """
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import smartspectra.ipc as ipc; "
        "from smartspectra.ipc.wire import channels; "
        "print('smartspectra.ipc.metrics_collector' in sys.modules); "
        "print('MetricsCollector' in dir(ipc)); "
        "print(ipc.MetricsCollector is ipc.metrics_collector.MetricsCollector)"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(LIBS)],
        capture_output=True,
        check=True,
        text=True,
    )

    assert ["False", "True", "True"] == result.stdout.split()
    with pytest.raises(AttributeError, match=r"smartspectra\.ipc.* has no attribute 'Colector'"):
        smartspectra.ipc.Colector  # noqa: B018


def test_the_package_leaves_room_for_other_smartspectra_packages():
    """
    A namespace package has no __init__, and says that it is typed.
    """
    assert not (LIBS / "smartspectra" / "__init__.py").exists()
    assert (LIBS / "smartspectra" / "ipc" / "py.typed").exists()


def test_the_switch_forces_the_standard_library():
    """
    One switch, and it is put back.
    """
    before = codec.codec()

    with codec.standard_library_only():
        assert ("standard", None) == (codec.codec().name, codec.hiredis_module())

    assert before is codec.codec()


def feed(made, samples: int, start_us: int = START_US) -> None:
    for first in range(0, samples, 500):
        stamps = range(start_us + first, start_us + first + 500)
        trace = [sample(stamp, stamp / 7e12) for stamp in stamps]
        made.process_envelope(envelope("edge_metrics", {"eda": {"trace": trace}}))


@pytest.mark.parametrize(("spill", "most_bytes"), [(True, 2), (False, 20)])
def test_a_sample_costs_few_bytes_of_memory(tmp_path, spill, most_bytes):
    """
    Next to nothing when columns are spilled, a few more than two floats otherwise.
    """
    made = collector(tmp_path, StorageOptions(spill=spill))
    feed(made, 10_000)
    made.get_current_snapshot()
    tracemalloc.start()
    try:
        feed(made, 100_000, START_US + 10_000)
        made.tick()
        grown_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    made.stop()

    assert grown_bytes < 100_000 * most_bytes + 200_000


def test_a_limit_bounds_the_memory_of_a_long_recording():
    """
    What the limit lets go is gone.
    """
    made = smartspectra.ipc.MetricsCollector(config(None, max_samples_per_series=1_000))
    feed(made, 10_000)
    made.get_current_snapshot()
    tracemalloc.start()
    try:
        feed(made, 100_000, START_US + 10_000)
        made.get_current_snapshot()
        grown_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert grown_bytes < 200_000


def test_beginning_a_snapshot_does_not_get_dearer_with_the_session(tmp_path):
    """
    What the ingesting thread does for it is counted in files and parts, not in samples.
    """
    made = collector(tmp_path)
    parts = []
    for round_ in range(3):
        feed(made, 40_000, START_US + round_ * 40_000)
        document = made._sessions.current.document()
        columns = next(iter(next(iter(document.columns.values())).values()))
        parts.append(sum(map(len, columns.values())))
    made.stop()

    assert parts[0] == parts[1] == parts[2]
