"""The rig of `--vitalrig-mode=compose`: a whole one in a container, which ends with it."""

import os
from typing import TYPE_CHECKING, Self

from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.rig import Rig

if TYPE_CHECKING:
    from vitalrig.testing.containers import RigContainer

IMAGE_NAME = "VITALRIG_TESTING_IMAGE"
"""The variable that names another image than the usual one."""


class ContainedRig(Rig):
    """
    A rig in a container. Fresh cameras are processes of this machine beside it.

    Attributes:
        container: The container, while it runs.
    """

    container: "RigContainer | None" = None

    @classmethod
    def start_contained(cls, timeout_s: float) -> Self:
        """
        Start it, and wait until it is ready.

        Args:
            timeout_s: In how many seconds it has to be ready.

        Raises:
            HarnessError: If testcontainers, an engine or the image is not there.
            NotReady: If it is not ready in time.
        """
        container = started(timeout_s)
        try:
            rig = cls.attach(container.description)
        except BaseException:
            container.stop()
            raise
        rig.container = container
        return rig

    def stop(self) -> None:
        """
        End the container, and what was started beside it.
        """
        super().stop()
        if self.container is not None:
            self.container.stop()
            self.container = None


def started(timeout_s: float) -> "RigContainer":
    """
    Start a container of the image that is asked for.

    Raises:
        HarnessError: If testcontainers, an engine or the image is not there.
        NotReady: If it is not ready in time.
    """
    try:
        from vitalrig.testing.containers import IMAGE, RigContainer  # noqa: PLC0415  optional
    except ImportError as exc:
        raise HarnessError(str(exc)) from exc
    return RigContainer(os.environ.get(IMAGE_NAME) or IMAGE, ready_s=timeout_s).start()
