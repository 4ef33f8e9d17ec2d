"""What was interrupted is finished; what was recorded is never touched."""

import json
import os
import shutil

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig, StorageOptions
from tests.support.sessions import golden_in, recorded
from vitalrig.errors import NotPossibleNow
from vitalrig.sessions.catalogue import resolve
from vitalrig.sessions.repair import BeyondRepair, repair


@pytest.fixture
def golden(tmp_path):
    return golden_in(tmp_path)


def interrupt(files, *, lose_bytes=0):
    """As a crash leaves a session: open, without a summary, perhaps with half a line."""
    facts = json.loads(files.manifest.read_text()) | {"state": "open", "sha256": None}
    files.manifest.write_text(json.dumps(facts))
    files.summary.unlink()
    data = files.jsonl.read_bytes()
    files.jsonl.write_bytes(data[: len(data) - lose_bytes])


def everything(folder):
    return {
        path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".")
    }


def repaired(files, name="golden"):
    return repair(resolve(name, files.folder))


def test_an_interrupted_session_is_finished(golden):
    """
    It has a summary again, and its manifest says that it was interrupted.
    """
    interrupt(golden)
    report = repaired(golden).after

    assert (True, "interruptions: 1") == (report.is_intact, report.verdict.partition(": ")[2])


def test_what_was_recorded_is_byte_for_byte_what_it_was(golden):
    """
    A repair that only finishes changes no line.
    """
    interrupt(golden)
    before = golden.jsonl.read_bytes()
    repaired(golden)

    assert before == golden.jsonl.read_bytes()


def test_a_torn_line_is_set_aside_wherever_it_is_torn(tmp_path):
    """
    JSONL and set-aside bytes together are what was there.
    """
    whole = recorded(tmp_path / "whole", count=2).jsonl.read_bytes()
    last = len(whole.splitlines(keepends=True)[-1])
    kept = []
    for lost in (1, 2, 3, last // 2, last - 3, last - 2, last - 1):
        shutil.copytree(tmp_path / "whole", tmp_path / str(lost))
        files = resolve("made", tmp_path / str(lost))
        interrupt(files, lose_bytes=lost)
        report = repaired(files, "made").after
        torn = (files.folder / "metrics_made.jsonl.torn").read_bytes().removesuffix(b"\n")
        kept.append((report.is_intact, files.jsonl.read_bytes() + torn == whole[:-lost]))

    assert {(True, True)} == set(kept)


def test_a_lost_summary_is_made_again(golden):
    """
    The same as before, except for when it was made.
    """
    before = json.loads(golden.summary.read_text())
    golden.summary.unlink()
    repaired(golden)
    after = json.loads(golden.summary.read_text())

    assert before["series"] == after["series"]


def test_a_copy_keeps_the_session_its_length(golden):
    """
    When it was copied is not when it ended.
    """
    golden.summary.unlink()
    os.utime(golden.jsonl)
    repaired(golden)

    assert 5.0 == json.loads(golden.summary.read_text())["meta"]["duration_seconds"]


def test_what_a_repair_replaces_is_kept(golden):
    """
    Nobody is left without what was there before.
    """
    golden.summary.write_bytes(b"half a summ")
    done = repaired(golden)

    assert b"half a summ" == (golden.folder / "metrics_golden.json.before_repair").read_bytes()
    assert {path.name for path in done.kept} == {
        "metrics_golden.json.before_repair", "metrics_golden_manifest.json.before_repair",
    }  # fmt: skip


def test_a_second_repair_keeps_what_the_first_one_kept(golden):
    """
    Under a name of its own.
    """
    for content in (b"first", b"second"):
        golden.summary.write_bytes(content)
        repaired(golden)
    kept = [path.read_bytes() for path in sorted(golden.folder.glob("*golden.json.before*"))]

    assert [b"first", b"second"] == kept


def test_an_intact_session_is_left_alone(golden):
    """
    Not a byte of it changes.
    """
    before = everything(golden.folder)
    done = repaired(golden)

    assert (False, before) == (done.did_something, everything(golden.folder))


def test_a_session_whose_manifest_was_lost_is_not_called_complete(golden):
    """
    Nobody knows any more whether there were gaps.
    """
    golden.manifest.unlink()
    report = repaired(golden).after

    assert (True, False, True) == (
        report.is_intact, report.complete, "manifest was lost" in report.verdict,
    )  # fmt: skip


def test_a_crash_during_a_repair_is_repaired(golden):
    """
    What a repair writes first says that it is not the end.
    """
    golden.manifest.write_text(json.dumps({"state": "lost", "gaps": {}}))

    assert repaired(golden).after.is_intact


def flipped(files):
    data = bytearray(files.jsonl.read_bytes())
    data[1000] ^= 1
    files.jsonl.write_bytes(data)


def shortened(files):
    lines = files.jsonl.read_bytes().splitlines(keepends=True)
    files.jsonl.write_bytes(b"".join(lines[:-3]))


def shortened_without_a_manifest(files):
    shortened(files)
    files.manifest.unlink()


def gone(files):
    files.jsonl.unlink()


@pytest.mark.parametrize("damage", [flipped, shortened, shortened_without_a_manifest, gone])
def test_what_cannot_be_made_good_is_left_as_it_is(golden, damage):
    """
    A new manifest would hide that something is wrong.
    """
    damage(golden)
    before = everything(golden.folder)
    with pytest.raises(BeyondRepair, match="Nothing was changed"):
        repaired(golden)

    assert before == everything(golden.folder)


def test_a_folder_in_which_a_collector_works_is_left_alone(golden):
    """
    Also a session that it does not have open: it may open it any moment.
    """
    golden.summary.unlink()
    base = golden.folder / "metrics.jsonl"
    config = MetricsCollectorConfig(output_jsonl_path=base)
    collector = MetricsCollector(config, StorageOptions(recover=False))
    collector.start()
    before = everything(golden.folder)
    with pytest.raises(NotPossibleNow, match="make down"):
        repaired(golden)
    after = everything(golden.folder)
    collector.stop()

    assert before == after


def test_a_collector_of_another_stem_is_respected(golden):
    """
    Its sessions lie in the same folder.
    """
    collector = MetricsCollector(
        MetricsCollectorConfig(output_jsonl_path=golden.folder / "capture.jsonl")
    )
    collector.start()
    golden.summary.unlink()
    with pytest.raises(NotPossibleNow):
        repaired(golden)
    collector.stop()
