"""A harness for tests of programs that read vital signs: real services, made and ended by it."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vitalrig.testing.camera import Camera
    from vitalrig.testing.faults import Fault, Faults
    from vitalrig.testing.harness_errors import HarnessError, NotReady
    from vitalrig.testing.rig import Rig
    from vitalrig.testing.session import Session
    from vitalrig.testing.session_maker import make_session

_HOMES = {
    "Camera": "camera",
    "Fault": "faults",
    "Faults": "faults",
    "HarnessError": "harness_errors",
    "NotReady": "harness_errors",
    "Rig": "rig",
    "Session": "session",
    "make_session": "session_maker",
}

__all__ = [
    "Camera",
    "Fault",
    "Faults",
    "HarnessError",
    "NotReady",
    "Rig",
    "Session",
    "make_session",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  whatever is asked for
    """
    Import what is asked for: who needs nothing of it waits for nothing.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
