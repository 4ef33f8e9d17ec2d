"""A file that takes no more, on a disk that has room: the recording goes on in another."""

import errno
import json
import os
from pathlib import Path

import pytest

from smartspectra.ipc import StorageOptions
from smartspectra.ipc.storage.disk import Disk
from tests.unit.ipc.making import (
    EDGE,
    START_US,
    ManualClock,
    collector,
    document,
    edge,
    lines,
    names,
    recording,
)

SENT = [recording(True, session_id="x"), *(edge(START_US + number) for number in range(50))]


class LimitedDisk(Disk):
    """No JSONL may be longer than *most_bytes*; files in *sealed* cannot be opened to write."""

    def __init__(self, most_bytes: int = 2_000) -> None:
        self.most_bytes = most_bytes
        self.sealed: set[Path] = set()

    def open_to_append(self, path: Path) -> int:
        if path in self.sealed:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))
        return super().open_to_append(path)

    def write(self, descriptor: int, data: bytes | memoryview) -> int:
        if not str(Path(f"/proc/self/fd/{descriptor}").readlink()).endswith(".jsonl"):
            return super().write(descriptor, data)
        room = self.most_bytes - os.fstat(descriptor).st_size
        if room <= 0:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        return super().write(descriptor, memoryview(data)[:room])

    def sync(self, descriptor: int) -> None:
        pass


def jsonls(folder, name="metrics_x"):
    paths = [folder / f"{name}.jsonl", *(folder / f"{name}_part{n}.jsonl" for n in range(2, 99))]
    return [path for path in paths if path.exists()]


def all_lines(folder, name="metrics_x"):
    return [line for path in jsonls(folder, name) for line in lines(path)]


def manifest(path):
    return document(path.with_name(f"{path.stem}_manifest.json"))


@pytest.mark.parametrize("batch", [1, 7, 100])
@pytest.mark.parametrize("give_back", [False, True])
def test_a_recording_goes_on_in_parts_where_its_file_takes_no_more(tmp_path, batch, give_back):
    """
    Each part is a whole session, nothing is lost or twice, and the next recording is free.
    """
    made = collector(tmp_path, StorageOptions(disk=LimitedDisk(), fsync="always"))
    sent = [*SENT, recording(False)]
    for at in range(0, len(sent), batch):
        some = sent[at : at + batch]
        assert len(some) == made.process_envelopes(some, give_back=give_back)
    made.process_envelopes([recording(True, session_id="y"), edge(START_US), recording(False)])
    made.stop()

    assert sent == all_lines(tmp_path)
    assert 3 == len(lines(tmp_path / "metrics_y.jsonl"))
    assert (None, 0) == (made.stats.paused, made.stats.unwritten_envelopes)
    stamps = []
    for path in jsonls(tmp_path):
        assert path.stat().st_size <= 2_000
        assert manifest(path)["complete"]
        series = document(path.with_suffix(".json"))["series"]
        stamps += series.get(EDGE, {}).get("eda.trace", {}).get("timestamps", [])
    assert [START_US + number for number in range(50)] == stamps


def test_each_part_says_what_it_is_part_of_and_where_it_goes_on(tmp_path, caplog):
    """
    The log names the file that takes no more, once for each.
    """
    made = collector(tmp_path, StorageOptions(disk=LimitedDisk(3_000)))
    made.process_envelopes(SENT)
    current = made.current_session_id
    made.stop()
    found = [manifest(path) for path in jsonls(tmp_path)]
    keys = ("session_id", "part_of", "part", "continued_in")

    assert [
        ("x", None, None, "x_part2"),
        ("x_part2", "x", 2, "x_part3"),
        ("x_part3", "x", 3, None),
    ] == [tuple(facts.get(key) for key in keys) for facts in found]
    assert "x_part3" == current
    assert [2, 3] == [
        number
        for number in range(2, 9)
        if f"goes on in {tmp_path / f'metrics_x_part{number}.jsonl'}" in caplog.text
    ]


def test_a_later_part_answers_to_the_name_of_the_whole(tmp_path):
    """
    A start that is said again, or the name given again, neither ends nor begins anything.
    """
    made = collector(tmp_path, StorageOptions(disk=LimitedDisk(3_000)))
    made.process_envelopes(SENT[:30])
    made.process_envelope(recording(True, START_US + 1, session_id="x"))
    made.set_session_id("x")
    said = made.set_recording_state(True)

    assert ("x_part2", True, False) == (said, made.records("x"), made.records("y"))
    made.stop()
    assert [*SENT[:30], recording(True, START_US + 1, session_id="x")] == all_lines(tmp_path)
    assert 2 == len(jsonls(tmp_path))


@pytest.mark.parametrize("restart", [False, True])
def test_the_same_session_again_goes_on_in_its_last_part(tmp_path, restart):
    """
    In the same run and, in append mode, in the next.
    """
    options = StorageOptions(disk=LimitedDisk(3_000))
    made = collector(tmp_path, options, append_mode=restart)
    made.process_envelopes([*SENT[:30], recording(False)])
    if restart:
        made.stop()
        made = collector(tmp_path, options, append_mode=True)
    again = [recording(True, START_US + 1, session_id="x"), edge(START_US + 99)]
    made.process_envelopes(again)
    made.stop()

    assert [*SENT[:30], recording(False), *again] == all_lines(tmp_path)
    assert 2 == len(jsonls(tmp_path))


def test_an_earlier_recording_is_set_aside_with_all_its_parts(tmp_path):
    """
    Without append mode the same name is another recording.
    """
    for _ in range(2):
        made = collector(tmp_path, StorageOptions(disk=LimitedDisk(3_000)))
        made.process_envelopes(SENT)
        made.stop()

    assert SENT == all_lines(tmp_path)
    assert SENT == all_lines(tmp_path, "metrics_x_old1")


def test_what_a_crash_leaves_of_parts_is_finished(tmp_path):
    """
    A part that was left for the next is not called interrupted for it.
    """
    options = StorageOptions(disk=LimitedDisk(3_000))
    made = collector(tmp_path, options)
    made.process_envelopes(SENT)
    facts = manifest(tmp_path / "metrics_x.jsonl") | {"state": "open", "complete": False}
    made._sessions.named.abandon()
    made._folder_lock.release()
    (tmp_path / "metrics_x_manifest.json").write_text(json.dumps(facts))
    collector(tmp_path, options).stop()
    found = [manifest(path) for path in jsonls(tmp_path)]

    assert SENT == all_lines(tmp_path)
    assert [0, 0, 1] == [each["interruptions"] for each in found]
    assert ["x_part2", "x_part3", None] == [each.get("continued_in") for each in found]
    assert [None, 2, 3] == [each.get("part") for each in found]


def test_a_file_that_nobody_may_write_to_does_not_stop_its_session(tmp_path):
    """
    It may be sealed against changes, or belong to another user.
    """
    disk = LimitedDisk(10_000)
    first = collector(tmp_path, StorageOptions(disk=disk))
    first.process_envelopes([*SENT[:3], recording(False)])
    first.stop()
    before = (tmp_path / "metrics_x.jsonl").read_bytes()
    disk.sealed = {tmp_path / "metrics_x.jsonl"}
    made = collector(tmp_path, StorageOptions(disk=disk), append_mode=True)
    made.process_envelopes(SENT)
    made.stop()

    assert before == (tmp_path / "metrics_x.jsonl").read_bytes()
    assert SENT == lines(tmp_path / "metrics_x_part2.jsonl")
    assert manifest(tmp_path / "metrics_x_part2.jsonl")["complete"]


def test_a_folder_that_nobody_may_write_to_is_waited_for(tmp_path):
    """
    Another part would be refused as well.
    """
    clock, disk = ManualClock(), LimitedDisk()
    made = collector(tmp_path, StorageOptions(disk=disk, clock=clock))
    disk.sealed = {tmp_path / "metrics_x.jsonl"}
    taken = made.process_envelopes(SENT[:3], give_back=True)
    disk.sealed = set()
    clock.advance(6.0)
    made.tick()
    made.process_envelopes(SENT[taken:3])
    made.stop()

    assert 0 == taken
    assert SENT[:3] == lines(tmp_path / "metrics_x.jsonl")
    assert not [name for name in names(tmp_path) if "part" in name]


def test_a_line_that_no_file_takes_costs_itself(tmp_path):
    """
    It is counted, and those around it are kept.
    """
    long = edge(*range(START_US + 100, START_US + 200))
    made = collector(tmp_path, StorageOptions(disk=LimitedDisk()))
    sent = [*SENT[:5], long, *SENT[5:10]]
    taken = made.process_envelopes(sent, give_back=True)
    made.stop()

    assert (11, 1) == (taken, made.stats.unwritten_envelopes)
    assert SENT[:10] == all_lines(tmp_path)
    assert not all(manifest(path)["complete"] for path in jsonls(tmp_path))
