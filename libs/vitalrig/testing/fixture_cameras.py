"""The factory behind `vitalrig_camera`: a test's cameras, stopped when it ends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from vitalrig.testing.camera import Camera
from vitalrig.testing.failure_sections import FailureSections
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
            camera = rig.camera(scenario, **arguments)
            cameras.callback(camera.stop)
            sections.had_a_subject(request.node, lambda: camera.subject)
            return camera

        yield start
