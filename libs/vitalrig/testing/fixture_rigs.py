"""The rigs behind the fixtures of the session: started, watched for reports, ended."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from vitalrig.errors import VitalrigError
from vitalrig.testing.failure_sections import FailureSections
from vitalrig.testing.faults import Faults
from vitalrig.testing.rig import Rig

_STARTS: dict[str, Callable[[], Rig]] = {
    "vitalrig_redis": Rig.start_redis,
    "vitalrig_server": Rig.start_server,
    "vitalrig_rig": Rig.start_rig,
}


@contextmanager
def the_rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    """
    Give what the fixture of this name gives, ready, until the session ends.

    Raises:
        pytest.fail.Exception: If it does not become ready; the text is all that is to be said.
    """
    fixture = str(request.fixturename)
    sections = FailureSections.of(request.config)
    try:
        rig = _ready(_STARTS[fixture]())
    except VitalrigError as exc:
        raise sections.broken_by(fixture, str(exc)) from exc
    sections.rigs.append(rig)
    try:
        yield rig
    finally:
        sections.rigs.remove(rig)
        rig.stop()


@contextmanager
def faults_of(request: pytest.FixtureRequest, rig: Rig) -> Iterator[Faults]:
    """
    Give faults on the session's rig until the test ends; then lift them, and wait until it works.

    Raises:
        pytest.fail.Exception: If it does not; what needs the rig is skipped from then on.
    """
    faults = Faults(rig)
    try:
        yield faults
    finally:
        try:
            faults.lift()
        except VitalrigError as exc:
            sections = FailureSections.of(request.config)
            raise sections.broken_by("vitalrig_rig", f"after its faults, {exc}") from exc


def _ready(rig: Rig) -> Rig:
    try:
        rig.wait_ready()
    except BaseException:
        rig.stop()
        raise
    return rig
