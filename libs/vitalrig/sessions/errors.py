"""What can go wrong with a session's files, named for what the caller does next."""

from collections.abc import Iterator
from contextlib import contextmanager

from vitalrig.errors import VitalrigError
from vitalrig.extras import missing


class Unreadable(VitalrigError):
    """A file is not what its name says. Have the session verified, then repaired."""


class Missing(VitalrigError):
    """There is no such session, or it lacks the file that is needed. Tell what there is."""


class MissingExtra(VitalrigError):
    """A package that is not installed is needed. The message says how to install it."""


@contextmanager
def extra(name: str) -> Iterator[None]:
    """
    Turn a failed import inside the block into a message with the command that helps.

    Args:
        name: The extra of this distribution that brings what is imported.
    """
    try:
        yield
    except ImportError as exc:
        raise MissingExtra(missing(exc, "this", name)) from exc
