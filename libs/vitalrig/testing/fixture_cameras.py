"""The factory behind `vitalrig_camera`: a test's cameras, stopped when it ends."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from vitalrig.testing.camera import Camera
from vitalrig.testing.failure_sections import FailureSections
from vitalrig.testing.fixture_arguments import names_of, refuse_unknown, settings_of_server
from vitalrig.testing.rig import Rig


@contextmanager
def cameras_of(request: pytest.FixtureRequest, rig: Rig) -> Iterator[Callable[..., Camera]]:
    """
    Give a function that starts a camera; it takes what `Rig.camera` takes.
    """
    sections = FailureSections.of(request.config)
    with ExitStack() as cameras:

        def start(scenario: str | Path = "", **arguments: Any) -> Camera:  # noqa: ANN401  the rig's
            __tracebackhide__ = True
            _refuse_unknown(rig, arguments)
            camera = rig.camera(scenario, **arguments)
            cameras.callback(camera.stop)
            sections.had_a_subject(request.node, lambda: camera.subject)
            return camera

        yield start


def _refuse_unknown(rig: Rig, arguments: Mapping[str, object]) -> None:
    """Settings of the server may be given, too; it takes a second to ask for them."""
    known = names_of(rig.camera)
    if not arguments.keys() <= set(known):
        refuse_unknown("vitalrig_camera", arguments, [*known, *settings_of_server()])
