"""A Redis of the benchmark's own, as a stranger's tests have it."""

from collections.abc import Iterator
from contextlib import contextmanager

from vitalrig.testing import Rig


@contextmanager
def own_redis() -> Iterator[Rig]:
    """Run one that keeps nothing on disk until the block ends; more can be started beside it."""
    with Rig.start_redis() as rig:
        rig.wait_ready()
        yield rig
