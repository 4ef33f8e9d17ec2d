"""
A rig in a container, for testcontainers: everything in one, published on 127.0.0.1 alone.

The container ends with the program that started it, also when that is killed: it holds the other
end of the container's standard input. So it needs no reaper, and starts none.
"""

import contextlib
import os
from typing import Any, Self

from vitalrig.extras import missing
from vitalrig.nearest import did_you_mean
from vitalrig.testing.container_rig import OWN_ADDRESS, as_seen_here, wait_for_description
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.harness_ports import ReservedPorts
from vitalrig.testing.leftovers import LABEL, sweep
from vitalrig.testing.listen_address import USUAL_PORTS
from vitalrig.testing.rig import Rig
from vitalrig.testing.rig_description import Parts, RigDescription
from vitalrig.testing.run_folder import RunFolder

try:
    from docker.errors import APIError, DockerException, ImageNotFound, NotFound
    from testcontainers.core.container import DockerContainer
except ImportError as exc:
    raise ImportError(missing(exc, "vitalrig.testing.containers", "testing")) from exc

IMAGE = "vitalrig/testing:local"
"""What `make test-image` builds."""

READY_S = 60.0
START_S = 30.0
"""How long the engine may take until anything runs in the container."""


class RigContainer(DockerContainer):
    """
    A whole rig in one container, used as any of testcontainers, also as a `with` block.

    Args:
        image: The image.
        parts: What the rig has: `rig`, or `server` for Redis and a physiology_server.
        scenario: What happens to the subject of its camera: the name of a shipped scenario.
        seed: The same seed gives the same signals.
        speed: 1 is real time.
        ready_s: In how many seconds it has to be ready.
        more: What testcontainers' DockerContainer takes besides.

    Raises:
        HarnessError: If no Docker engine answers.
    """

    def __init__(
        self,
        image: str = IMAGE,
        *,
        parts: Parts = "rig",
        scenario: str = "",
        seed: int = 1,
        speed: float = 1.0,
        ready_s: float = READY_S,
        **more: Any,  # noqa: ANN401  testcontainers'
    ) -> None:
        try:
            super().__init__(image, **more)
        except DockerException as exc:
            raise HarnessError(f"no Docker engine answers: {exc}") from exc
        options = {"scenario": scenario, "seed": seed, "speed": speed, "timeout": ready_s}
        self.with_command([f"--{parts}", *(f"--{key}={value}" for key, value in options.items())])
        self._ready_s = ready_s
        self._reserved = ReservedPorts()
        self._folder: RunFolder | None = None
        self._input: Any = None
        self._description: RigDescription | None = None
        self._rig: Rig | None = None

    @property
    def description(self) -> RigDescription:
        """
        Where everything is, as this machine reaches it.

        Raises:
            HarnessError: If it was not started.
        """
        if self._description is None:
            raise HarnessError("the container was not started")
        return self._description

    @property
    def redis_url(self) -> str:
        """
        The URL of its Redis.
        """
        return self.url("redis")

    def url(self, service: str) -> str:
        """
        Give the address of a service: `redis://...`, `http://...`, and `host:port` for gRPC.

        Raises:
            HarnessError: If there is no such service.
        """
        urls = self.description.urls
        if service not in urls:
            raise HarnessError(f"the rig has no {service}{did_you_mean(service, urls)}")
        return urls[service]

    def rig(self) -> Rig:
        """
        Give what a rig of this machine's own gives. Fresh cameras are processes of this machine.

        Raises:
            HarnessError: If it was not started, or somebody else uses it.
        """
        if self._rig is None:
            self._rig = Rig.attach(self.description)
        return self._rig

    def start(self) -> Self:
        """
        Start it, and wait until an envelope has come through all of it.

        Raises:
            HarnessError: If there is no such image, or the engine refuses.
            NotReady: If it is not ready in time; the error has its log.
        """
        sweep()
        try:
            self._container = self._create()
            self._input = _input_of(self._container)
            self._container.start()
            printed = wait_for_description(self._container, self._ready_s + START_S)
            self._description = as_seen_here(printed, self._container)
        except DockerException as exc:
            self.stop()
            raise HarnessError(f"the engine refuses {self.image}: {exc}") from exc
        except BaseException:
            self.stop()
            raise
        return self

    def _create(self) -> Any:  # noqa: ANN401  the engine's client has no types
        folder = self._folder = RunFolder()
        (folder.path / LABEL).touch()  # there is something to remove besides processes
        ours = str(folder.sub("container"))
        known: dict[str, Any] = self._kwargs
        more = {
            "user": f"{os.getuid()}:{os.getgid()}",
            **known,
            "labels": {**known.get("labels", {}), LABEL: folder.token},
        }
        ports: dict[str, Any] = {
            str(port): (OWN_ADDRESS, self._reserved.take()) for port in USUAL_PORTS.values()
        }
        client = self.get_docker_client().client
        try:
            client.images.get(self.image)
        except ImageNotFound:
            if self.image.endswith(IMAGE):
                raise HarnessError(
                    f"there is no image {self.image}: `make test-image` in a checkout builds it"
                ) from None
            client.images.pull(self.image)
        container = client.containers.create(
            self.image,
            command=self._command,
            name=self._name,
            environment={**self.env, "TMPDIR": ours},
            ports={**self.ports, **ports},
            volumes={**self.volumes, ours: {"bind": ours, "mode": "rw"}},
            stdin_open=True,
            init=True,
            **more,
        )
        if self._network is not None:
            self._network.connect(container.id, self._network_aliases)
        return container

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """
        End and remove it. What has ended already is no error.
        """
        if self._rig is not None:
            self._rig.stop()
            self._rig = None
        if self._input is not None:
            self._input.close()
            self._input = None
        with contextlib.suppress(NotFound, APIError):
            super().stop(force, delete_volume)
        self._container = None
        self._description = None
        self._reserved.release()
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _input_of(container: Any) -> Any:  # noqa: ANN401
    """Take the other end of its standard input, which ends with this process."""
    attached = container.attach_socket(params={"stdin": 1, "stream": 1})
    return attached._sock  # noqa: SLF001  what it wraps cannot be closed by it
