"""A disk that is full, for one process."""

import contextlib
import resource
from collections.abc import Iterator


@contextlib.contextmanager
def room_for(size_bytes: int) -> Iterator[None]:
    """
    No file may grow beyond *size_bytes*; Python ignores the signal that would end the process.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
