"""What is done beside the recording, for any number of collectors in one thread a kind."""

import logging
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future

from smartspectra.ipc.storage.disk import Disk
from smartspectra.ipc.storage.stages import Stages, SyncTarget, first_error

log = logging.getLogger(__name__)

_BUSY = 16


class Worker:
    """
    Does staged works side by side, and waits for the disk for all of them at once.

    Its thread appears with a work and goes when none is left, so that there is nothing to close.

    Args:
        name: What the thread is called.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._new: list[_Job] = []
        self._waiting = 0
        self._is_running = False

    @property
    def is_busy(self) -> bool:
        """Whether so many works wait that whoever can had better wait before it adds one."""
        return self._waiting >= _BUSY

    def forget(self) -> None:
        """Begin anew in a process that was forked, where the thread is not."""
        self._lock = threading.Lock()
        self._new, self._waiting, self._is_running = [], 0, False

    def submit(self, stages: Stages, disk: Disk) -> Future[None]:
        """Begin a work; what it yields is synced by *disk*."""
        job = _Job(stages, disk)
        with self._lock:
            self._new.append(job)
            self._waiting += 1
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name=self._name).start()
        return job.done

    def _run(self) -> None:
        jobs: list[_Job] = []
        while True:
            with self._lock:
                jobs += self._new
                self._new, self._waiting = [], len(jobs)
                if not jobs:
                    self._is_running = False
                    return
            jobs = [job for job in jobs if job.go_on()]
            for disk in {id(job.disk): job.disk for job in jobs}.values():
                _sync(disk, [job for job in jobs if job.disk is disk])


class _Job:
    """A work between two of its stages."""

    def __init__(self, stages: Stages, disk: Disk) -> None:
        self._stages = stages
        self.disk = disk
        self.targets: Sequence[SyncTarget] = ()
        self.error: OSError | None = None
        self.done = Future[None]()

    def go_on(self) -> bool:
        """Do the next stage; gives whether there are more."""
        error, self.error = self.error, None
        try:
            self.targets = next(self._stages) if error is None else self._stages.throw(error)
        except StopIteration:
            self.done.set_result(None)
        except BaseException as exc:  # noqa: BLE001  handed over to who waits for it
            self.done.set_exception(exc)
        return not self.done.done()


def _sync(disk: Disk, jobs: Sequence[_Job]) -> None:
    errors = iter(disk.sync_all([target for job in jobs for target in job.targets]))
    for job in jobs:
        job.error = first_error([next(errors) for _ in job.targets])


class Background:
    """
    The workers that collectors share.

    Attributes:
        syncs: Waits for what was recorded.
        documents: Writes snapshots, summaries and manifests, which may take long.
    """

    def __init__(self) -> None:
        self.syncs = Worker("sync")
        self.documents = Worker("documents")

    def forget(self) -> None:
        """Begin anew in a process that was forked."""
        self.syncs.forget()
        self.documents.forget()


SHARED = Background()
"""What all collectors of this process use, unless they are given another."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=SHARED.forget)


class SerialQueue:
    """
    Works of one kind of one collector, done by a shared worker, one after the other.

    An error of the disk is logged and kept in :attr:`trouble`; whoever submitted the work looks
    at it when convenient.

    Args:
        worker: Does them.
        disk: Syncs for them.
        what: What is logged of a work that failed.
    """

    def __init__(self, worker: Worker, disk: Disk, what: str) -> None:
        self._worker = worker
        self._disk = disk
        self._what = what
        self._last: Future[None] | None = None
        self.trouble: OSError | None = None

    @property
    def busy(self) -> bool:
        """Whether a work waits or goes on."""
        return self._last is not None and not self._last.done()

    def submit(self, stages: Stages) -> None:
        """Do *stages* after the works before."""
        before = self._last if self.busy else None
        self._last = self._worker.submit(self._work(stages, before), self._disk)

    def _work(self, stages: Stages, before: Future[None] | None) -> Stages:
        try:
            while before is not None and not before.done():
                yield ()
            yield from stages
        except OSError as exc:
            self.trouble = exc
            log.warning("%s failed: %s", self._what, exc)

    def wait(self, timeout_s: float | None = None) -> None:
        """
        Wait until nothing is left to do, or *timeout_s* has passed.

        Raises:
            Exception: What a work raised, other than an error of the disk.
        """
        if self._last is not None:
            try:
                self._last.result(timeout_s)
            except TimeoutError:
                return
