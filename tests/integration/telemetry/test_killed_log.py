"""A log that is killed while eight post, again and again."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.support import telemetry_writers
from tests.support.eventually import eventually
from tests.support.own_process import OwnProcess
from tests.support.rounds import rounds
from tests.support.telemetry_log import an_event, crashed, stored
from tests.support.telemetry_writers import BATCH, is_kept
from vitalrig.telemetry import TelemetryService
from vitalrig.telemetry.log_checkpoint import CHECKPOINT_FILE

WRITERS = range(telemetry_writers.WRITERS)


def acknowledged(path):
    """Number, writer, count and whether it is stored, of each answer that came."""
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [tuple(map(int, line.split())) for line in lines if line.endswith(b"\n")]


def kill_once(site, fsync, answers, folder):
    """Have eight post, and kill them when some more answers have come."""
    before = len(acknowledged(answers))
    command = [
        sys.executable,
        str(Path(telemetry_writers.__file__)),
        str(site),
        fsync,
        str(answers),
    ]
    process = OwnProcess("writers", command, folder)
    process.start()
    try:
        eventually(lambda: process._goes_on() or len(acknowledged(answers)) > before + 300)
    finally:
        process.kill()


@pytest.mark.parametrize("fsync", ["interval", "always"])
def test_nothing_that_was_answered_is_lost_when_the_log_is_killed(tmp_path, fsync):
    """
    No number is given twice or missing, batches are whole, what was current is current again.
    """
    site, answers = tmp_path / "site", tmp_path / "answers"
    service = TelemetryService(site)
    service.append_events([an_event(f"writer{writer}", 0) for writer in WRITERS])
    for turn in range(rounds(2, 50)):
        if turn % 2:
            service.start_run(run_id=str(turn))
        run = service.get_run() if service.run_active else None
        service.close()
        before = len(acknowledged(answers))
        kill_once(site, fsync, answers, tmp_path)
        if turn % 3 == 0:
            (site / CHECKPOINT_FILE).unlink(missing_ok=True)

        service = TelemetryService(site)
        assert run == (service.get_run() if service.run_active else None)
        told = acknowledged(answers)
        assert service.last_seq >= max(seq for seq, *_ in told)
        for _, writer, number, is_stored in told[before:]:
            assert service.current_event(f"writer{writer}")["data"] >= number * is_stored
        if turn % 2:
            service.stop_run()
        if turn % 4 == 1:
            crashed(service)
            service = TelemetryService(site)
    service.close()

    told = acknowledged(answers)
    lines = {line["seq"]: line for line in stored(site)}
    assert sum(1 for _ in stored(site)) == len(lines)
    for seq, writer, number, is_stored in told:
        if is_stored:
            assert (f"writer{writer}", number) == (lines[seq]["type"], lines[seq]["data"])
        else:
            assert seq not in lines
    assert not [seq for seq, times in Counter(seq for seq, *_ in told).items() if times > 1]
    missing = set(range(1, max(lines))) - set(lines) - {seq for seq, *_ in told}
    # Only an event that is not stored may be missing that was numbered, and not answered yet.
    assert len(missing) <= rounds(2, 50) * len(WRITERS) * BATCH
    batches = Counter(
        (line["type"], line["meta"]["batch"], line["meta"].get("run_id"))
        for line in lines.values()
        if "batch" in line["meta"]
    )
    for (_, first, _), size in batches.items():
        assert size == sum(1 for number in range(first, first + BATCH) if is_kept(number))
