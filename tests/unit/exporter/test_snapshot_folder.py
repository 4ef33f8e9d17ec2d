"""Following another collector's snapshots, which are replaced at any moment."""

import json
import os
import threading

import pytest

from services.exporter.snapshots import folder as module
from services.exporter.snapshots.folder import SnapshotFolder
from vitalrig.clock import ManualClock, SystemClock, moment

STALE_AFTER_S = 45
CLOCK = SystemClock()


def a_session(value=71.5, prefix="physiology", count=2, updated_us=None):
    now_us = CLOCK.wall_us()
    return json.dumps(
        {
            "meta": {"updated_at_ms": (updated_us or now_us) // 1000},
            "series": {
                f"{prefix}:core_metrics": {
                    "pulse.rate": {
                        "timestamps": [now_us - n for n in reversed(range(count))],
                        "values": [value] * count,
                        "relative_us": [0.0] * count,
                    }
                }
            },
        }
    )


def pulses(snapshots):
    return {
        seen.view.prefix: seen.view.series["core_metrics/pulse.rate"].value
        for seen in snapshots.latest().cameras
    }


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "metrics_first_snapshot_temp.json"
    path.write_text(a_session())
    return path


@pytest.fixture
def snapshots(path):
    return following(path.parent)


def following(folder, pattern="*_snapshot_temp.json", max_bytes=10_000_000):
    return SnapshotFolder(str(folder / pattern), STALE_AFTER_S, max_bytes, CLOCK)


def replace(path, text):
    other = path.with_suffix(".part")
    other.write_text(text)
    other.replace(path)


def test_a_snapshot_is_read_and_then_left_alone_until_it_changes(snapshots, path, monkeypatch):
    """
    A file of hundreds of megabytes is read once, not every second.
    """
    snapshots.look()
    reads = []
    monkeypatch.setattr(module, "scan", lambda *_: reads.append(1))

    snapshots.look()

    assert ({"physiology": 71.5}, []) == (pulses(snapshots), reads)


def test_a_replaced_snapshot_is_read_again(snapshots, path):
    """
    Every 30 seconds there is a new one under the old name.
    """
    snapshots.look()
    replace(path, a_session(64.5))
    snapshots.look()

    assert {"physiology": 64.5} == pulses(snapshots)


def test_what_was_given_does_not_change(snapshots, path):
    """
    A scrape works on one view while the next is being made.
    """
    snapshots.look()
    before = snapshots.latest()
    replace(path, a_session(64.5))
    snapshots.look()

    assert 71.5 == before.cameras[0].view.series["core_metrics/pulse.rate"].value


def test_a_half_written_snapshot_leaves_the_last_good_one(snapshots, path):
    """
    A collector that writes in place is half done at some moment; its age then tells.
    """
    snapshots.look()
    path.write_text(a_session(64.5)[:-20])
    snapshots.look()
    half = snapshots.latest()
    path.write_text(a_session(65.5))
    snapshots.look()

    assert (1, 71.5) == (
        half.outcomes["unreadable"],
        half.cameras[0].view.series["core_metrics/pulse.rate"].value,
    )
    assert {"physiology": 65.5} == pulses(snapshots)


def test_a_snapshot_that_changes_while_it_is_read_is_read_again(snapshots, path, monkeypatch):
    """
    What was read may be a mixture of two.
    """
    real = module.scan

    def disturbed(*of):
        summary = real(*of)
        path.write_text(a_session(64.5))
        monkeypatch.setattr(module, "scan", real)
        return summary

    monkeypatch.setattr(module, "scan", disturbed)
    snapshots.look()
    disturbed_views = snapshots.latest().cameras
    snapshots.look()

    assert ((), {"physiology": 64.5}) == (disturbed_views, pulses(snapshots))


def test_a_snapshot_that_is_too_large_is_not_read_and_counted(path):
    """
    The operator sees why the camera is not there.
    """
    snapshots = following(path.parent, max_bytes=100)

    snapshots.look()

    assert ((), 1) == (snapshots.latest().cameras, snapshots.latest().outcomes["too_large"])


def test_old_sessions_are_not_read(snapshots, path):
    """
    A folder of years costs nothing: nothing in it is live.
    """
    os.utime(path, (1_700_000_000, 1_700_000_000))
    snapshots.look()

    assert ((), 0) == (snapshots.latest().cameras, sum(snapshots.latest().outcomes.values()))


@pytest.mark.parametrize("step_s", [-9, 3_600])
def test_a_clock_that_is_set_changes_no_snapshots_age(tmp_path, step_s):
    """
    It is looked at until its limit, and no longer.
    """
    clock = ManualClock(CLOCK.wall_us())
    path = tmp_path / "metrics_first_snapshot_temp.json"
    path.write_text(a_session(updated_us=clock.wall_us()))
    snapshots = SnapshotFolder(str(path), STALE_AFTER_S, 10_000, clock)
    snapshots.look()
    clock.jump_wall(step_s)
    clock.advance(STALE_AFTER_S - 1)
    snapshots.look()
    (seen,) = snapshots.latest().cameras
    clock.advance(2)
    snapshots.look()

    assert STALE_AFTER_S + 1 == pytest.approx(seen.age_s(moment(clock)), abs=0.5)
    assert () == snapshots.latest().cameras


def test_a_snapshot_that_is_gone_is_gone(snapshots, path):
    """
    And so is its camera.
    """
    snapshots.look()
    path.unlink()
    snapshots.look()

    assert () == snapshots.latest().cameras


def test_the_newest_session_of_a_camera_counts(tmp_path):
    """
    The last one of yesterday may still lie there.
    """
    now_us = CLOCK.wall_us()
    (tmp_path / "b_snapshot_temp.json").write_text(a_session(71.5, updated_us=now_us))
    (tmp_path / "a_snapshot_temp.json").write_text(a_session(64.5, updated_us=now_us - 10**7))
    snapshots = following(tmp_path)

    snapshots.look()

    assert {"physiology": 71.5} == pulses(snapshots)


def test_a_folder_stands_for_all_its_documents_but_manifests(tmp_path):
    """
    Then a summary is seen too, which says that the session is over.
    """
    (tmp_path / "metrics_first.json").write_text(a_session())
    (tmp_path / "metrics_first_manifest.json").write_text("{}")
    snapshots = SnapshotFolder(str(tmp_path), STALE_AFTER_S, 10_000, CLOCK)

    snapshots.look()

    assert ({"physiology": 71.5}, 0) == (
        pulses(snapshots),
        snapshots.latest().outcomes["unreadable"],
    )


def test_only_so_many_files_are_read(tmp_path):
    """
    A folder with a thousand fresh files does not keep the exporter busy.
    """
    for number in range(module.MAX_FILES + 3):
        (tmp_path / f"{number}_snapshot_temp.json").write_text(a_session(prefix=f"c{number}"))
    snapshots = following(tmp_path)

    snapshots.look()

    assert (module.MAX_FILES, 3) == (
        len(snapshots.latest().cameras),
        snapshots.latest().outcomes["left_out"],
    )


def test_a_folder_that_is_not_there_has_no_snapshots(tmp_path):
    """
    It may be mounted later.
    """
    snapshots = following(tmp_path / "later")

    snapshots.look()

    assert () == snapshots.latest().cameras


def test_whoever_looks_meanwhile_never_sees_a_mixture(snapshots, path):
    """
    Two hundred replacements, and every look gives one of the two texts or the last good one.
    """
    texts = [a_session(value, count=2_000) for value in (1.0, 2.0)]
    done = threading.Event()

    def write():
        for number in range(200):
            replace(path, texts[number % 2])
        done.set()

    snapshots.look()
    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        snapshots.look()
        seen |= set(pulses(snapshots).values())
    writer.join()

    assert seen <= {71.5, 1.0, 2.0}
