"""A folder for spools, one run after the other, as crashes and stops leave it."""

import asyncio

from services.physiology_server.control import RecordingChange
from services.physiology_server.envelopes import Outgoing, of_change
from services.physiology_server.publishing.outbox import Outbox
from services.physiology_server.spool.spool import Spool
from vitalrig.clock import ManualClock
from vitalrig.service.health import Health

MIB = 1 << 20


class Disk:
    """A folder for spools, one run after the other, as crashes and stops leave it."""

    def __init__(self, folder):
        self.folder = folder / "spool"
        self.clock = ManualClock()
        self.health = Health(folder / "health")
        self._open = None

    def run(self, name, max_bytes=64 * MIB, in_memory=100):
        self.spool = self._open = Spool(self.folder, name, max_bytes, self.health, self.clock)
        return Outbox(in_memory, self.clock, run=name, spool=self.spool)

    def crash(self):
        """What a killed process leaves: the files as they are."""
        self._open.let_go()

    def stop(self, outbox):
        waiting = asyncio.run(outbox.close())
        self.crash()
        return waiting

    def newest(self):
        return max(self.folder.glob("*.jsonl"))


def put(outbox, *texts, size=0):
    for text in texts:
        outbox.put(Outgoing("edge_metrics", text.encode() + b" " * size))


def put_many(outbox, count, size=0):
    put(outbox, *(str(number) for number in range(count)), size=size)


def recording(on, session="first"):
    return of_change(RecordingChange(on, session, 1_000_000))


def numbers(batch):
    return [(each.run, each.seq) for each in batch]


def send_all(outbox, at_most=64):
    sent = []
    while batch := outbox.take(at_most):
        sent += batch
        outbox.done()
    return sent


def of(run, *seqs):
    return [(run, seq) for seq in seqs]
