"""Work that waits for the disk in stages, so that many can wait for it together."""

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Protocol

SyncTarget = int | Path
"""What is to be on the disk: an open file, by its descriptor, or a folder's list of names."""

Stages = Generator[Sequence[SyncTarget], None, None]
"""
Work that yields what must be on the disk before it goes on.

What cannot be synced is thrown into it, as an ``OSError``.
"""


class Syncs(Protocol):
    """What waits for the disk."""

    def sync_all(self, targets: Sequence[SyncTarget]) -> list[OSError | None]:
        """Wait until all *targets* are on the disk; gives what went wrong with each."""


def finish_now(stages: Stages, disk: Syncs) -> None:
    """
    Do all stages, one after the other.

    Raises:
        OSError: What the work raises.
    """
    error: OSError | None = None
    while True:
        try:
            targets = next(stages) if error is None else stages.throw(error)
        except StopIteration:
            return
        error = first_error(disk.sync_all(targets))


def finish_unsynced(stages: Stages) -> None:
    """
    Do all stages without waiting for the disk, which someone else does later.

    Raises:
        OSError: What the work raises.
    """
    for _targets in stages:
        pass


def together(*works: Stages) -> Stages:
    """Do the stages of several works side by side; the first error ends all of them."""
    left = list(works)
    try:
        while left:
            targets: list[SyncTarget] = []
            for stages in tuple(left):
                try:
                    targets += next(stages)
                except StopIteration:
                    left.remove(stages)
            yield targets
    finally:
        for stages in left:
            stages.close()


def first_error(errors: Sequence[OSError | None]) -> OSError | None:
    """The first that is one."""
    return next((error for error in errors if error is not None), None)
