"""
Eight who post as fast as they can, until they are killed.

    python telemetry_writers.py FOLDER FSYNC ACKNOWLEDGED

Each answer is a line of the file ACKNOWLEDGED: number, writer, count, whether it was stored.
"""

import os
import sys
import threading
from itertools import count
from pathlib import Path
from types import SimpleNamespace

sys.path[:0] = [str(Path(__file__).parents[2] / "libs")]

from vitalrig.telemetry.telemetry_service import TelemetryService  # noqa: E402

WRITERS = 8
KEYED = 3
BATCH = 40


def is_kept(number):
    """Whether a writer's event is stored."""
    return number % 7 != 0


def request(writer, number, **meta):
    """One event."""
    key = f"{writer}:{os.getpid()}:{number}" if writer == KEYED else None
    stored = is_kept(number)
    return SimpleNamespace(
        type=f"writer{writer}", data=number, meta=meta, ts=None, make_current=True,
        store_permanently=stored, key=key,
    )  # fmt: skip


def post(service, writer, acknowledged):
    """Post for ever: one by one, or in batches."""
    numbers = count(service.current_event(f"writer{writer}")["data"] + 1)
    while True:
        first = next(numbers)
        if writer < WRITERS - 2:
            some = [request(writer, first)]
            answers = [service.append_event(*some)]
        else:
            more = (next(numbers) for _ in range(BATCH - 1))
            some = [request(writer, number, batch=first) for number in (first, *more)]
            answers = service.append_events(some)
        lines = [
            f"{answer['seq']} {writer} {answer['data']} {each.store_permanently:d}\n"
            for answer, each in zip(answers, some, strict=True)
        ]
        os.write(acknowledged, "".join(lines).encode())


def main():
    """Post with eight threads."""
    folder, fsync, acknowledged = sys.argv[1:]
    service = TelemetryService(folder, fsync=fsync)
    file = os.open(acknowledged, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for writer in range(WRITERS):
        threading.Thread(target=post, args=(service, writer, file)).start()


if __name__ == "__main__":
    main()
