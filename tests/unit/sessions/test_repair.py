"""What was interrupted is finished; what was recorded is never touched."""

import errno
import json
import os
import shutil

import pytest

from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig, StorageOptions
from smartspectra.ipc.session.manifest import CUT_SHORT
from tests.support.sessions import golden_in, recorded
from vitalrig.errors import InvalidState
from vitalrig.sessions.store.catalogue import resolve
from vitalrig.sessions.verification.repair import BeyondRepair, repair


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


@pytest.mark.parametrize("with_manifest", [True, False])
@pytest.mark.parametrize("lost_bytes", [1, 300, 5_000])
def test_what_is_left_of_a_jsonl_that_was_cut_off_is_a_session(golden, lost_bytes, with_manifest):
    """
    As far as it goes; its manifest counts what is gone, and nothing that is left is lost.
    """
    whole = golden.jsonl.read_bytes()
    golden.jsonl.write_bytes(whole[:-lost_bytes])
    if not with_manifest:
        golden.manifest.unlink()
    done = repaired(golden)
    left = golden.jsonl.read_bytes()
    torn = golden.folder / "metrics_golden.jsonl.torn"
    aside = torn.read_bytes()[:-1] if torn.exists() else b""

    assert whole[:-lost_bytes] == left + aside
    assert (True, False) == (done.after.is_intact, done.after.complete)
    gap = json.loads(golden.manifest.read_text())["gaps"]["by_reason"][CUT_SHORT]
    assert {"count": 1, "missing_envelopes": whole.count(b"\n") - left.count(b"\n")} == gap
    assert not repaired(golden).did_something


def test_a_crash_during_the_repair_of_a_cut_session_counts_no_loss_twice(golden, monkeypatch):
    """
    The second attempt goes on from what the first one wrote.
    """
    golden.jsonl.write_bytes(golden.jsonl.read_bytes()[:-300])

    def crash(*_arguments):
        raise OSError(errno.EIO, "crash")

    with monkeypatch.context() as patched:
        patched.setattr("vitalrig.sessions.verification.repair.finish_one", crash)
        with pytest.raises(OSError, match="crash"):
            repaired(golden)
    report = repaired(golden).after

    assert report.is_intact
    assert 1 == json.loads(golden.manifest.read_text())["gaps"]["count"]


@pytest.mark.parametrize(
    "rubbish", [b'{"type":"edge_met', bytes(4096), b"timestamp,value\n1,2\n", b"{}\n" * 3]
)
def test_rubbish_behind_a_recording_is_set_aside(golden, rubbish):
    """
    What was recorded is then intact and complete again, and the rubbish is kept.
    """
    before = everything(golden.folder)
    with golden.jsonl.open("ab") as file:
        file.write(rubbish)
    report = repaired(golden).after
    after = everything(golden.folder)

    assert (True, True) == (report.is_intact, report.complete)
    assert rubbish + b"\n" == after.pop("metrics_golden.jsonl.torn")
    assert before == after


def test_rubbish_behind_an_interrupted_recording_is_set_aside(golden):
    """
    Whole lines of it too, from behind the last envelope on.
    """
    interrupt(golden)
    before = golden.jsonl.read_bytes()
    with golden.jsonl.open("ab") as file:
        file.write(b"no envelope\n" + bytes(100) + b"\nhalf")
    report = repaired(golden).after

    assert (True, before) == (report.is_intact, golden.jsonl.read_bytes())
    assert "bytes of a torn line set aside: 117" in report.verdict


def test_where_there_are_no_hard_links_it_is_repaired_too(golden, monkeypatch):
    """
    A USB stick, a share of another system; what is replaced is kept as a copy.
    """

    def refuse(*_arguments, **_more):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    golden.summary.write_bytes(b"half a summ")
    report = repaired(golden).after

    assert report.is_intact
    assert b"half a summ" == (golden.folder / "metrics_golden.json.before_repair").read_bytes()


def flipped(files):
    data = bytearray(files.jsonl.read_bytes())
    data[1000] ^= 1
    files.jsonl.write_bytes(data)


def without_its_middle(files):
    lines = files.jsonl.read_bytes().splitlines(keepends=True)
    files.jsonl.write_bytes(b"".join(lines[:60] + lines[63:]))


def emptied(files):
    files.jsonl.write_bytes(b"")


def gone(files):
    files.jsonl.unlink()


@pytest.mark.parametrize("damage", [flipped, without_its_middle, emptied, gone])
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
    with pytest.raises(InvalidState, match="make down"):
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
    with pytest.raises(InvalidState):
        repaired(golden)
    collector.stop()
