"""The rigs behind the fixtures of the session: started, watched for reports, ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from vitalrig.errors import VitalrigError
from vitalrig.testing.contained_rig import ContainedRig
from vitalrig.testing.failure_sections import FailureSections
from vitalrig.testing.kept_rig import taken_again, tell_of_kept
from vitalrig.testing.rig import Rig
from vitalrig.testing.rig_options import RigOptions
from vitalrig.testing.rig_processes import REDIS
from vitalrig.testing.shared_rig import START_S, FailedElsewhere, SharedRig, is_a_worker, ready

if TYPE_CHECKING:
    from vitalrig.testing.faults import Faults


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
        rig = ready(_start(fixture, request, sections.options))
    except FailedElsewhere as exc:
        raise sections.broken_by(fixture, str(exc), f"worker {exc.worker}") from exc
    except VitalrigError as exc:
        raise sections.broken_by(fixture, str(exc)) from exc
    sections.rigs.append(rig)
    try:
        yield rig
    finally:
        sections.rigs.remove(rig)
        if fixture == "vitalrig_rig" and sections.options.keep and REDIS in rig.processes:
            tell_of_kept(rig, request.config)
        else:
            rig.stop()


@contextmanager
def faults_of(request: pytest.FixtureRequest, rig: Rig) -> Iterator["Faults"]:
    """
    Give faults on the session's rig until the test ends; then lift them, and wait until it works.

    Raises:
        pytest.fail.Exception: If it does not; what needs the rig is skipped from then on.
    """
    faults = rig.faults
    try:
        yield faults
    finally:
        try:
            faults.lift()
        except VitalrigError as exc:
            sections = FailureSections.of(request.config)
            raise sections.broken_by("vitalrig_rig", f"after its faults, {exc}") from exc


def _start(fixture: str, request: pytest.FixtureRequest, options: RigOptions) -> Rig:
    if fixture == "vitalrig_redis":
        return Rig.start_redis()
    if fixture == "vitalrig_server":
        return Rig.start_server()
    if options.mode == "url":
        return Rig.at(options.url, options.exporter_url)
    if options.mode == "compose":
        return ContainedRig.start_contained(START_S)
    return _start_processes(request, options)


def _start_processes(request: pytest.FixtureRequest, options: RigOptions) -> Rig:
    if options.reuse and (rig := taken_again(or_start=options.keep)):
        return rig
    if is_a_worker(request.config) and (options.shared or options.keep):
        folder = request.getfixturevalue("tmp_path_factory").getbasetemp().parent
        workerinput = vars(request.config)["workerinput"]  # pytest-xdist sets it
        return SharedRig(folder, workerinput, keep=options.keep).take()
    return Rig.start_rig(keep=options.keep)
