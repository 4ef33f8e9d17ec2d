"""A rig for tests: real services on this machine, made by the harness, or some that run already."""

import atexit
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Self

from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.leftovers import sweep
from vitalrig.testing.listen_address import THIS_MACHINE, ListenAddress
from vitalrig.testing.prefix_pools import PrefixPools
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.rig_description import Parts, RigDescription
from vitalrig.testing.rig_parts import start_parts
from vitalrig.testing.rig_processes import RigProcesses
from vitalrig.testing.run_folder import RunFolder, kept_folders
from vitalrig.testing.running_rig import RunningRig

if TYPE_CHECKING:
    from pathlib import Path

    from vitalrig.testing.camera import Camera
    from vitalrig.testing.faults import Faults
    from vitalrig.testing.rig_owner import RigOwner

DESCRIPTION = "rig.json"


class Rig(RunningRig):
    """
    A Redis, and what works around it: a server, a collector and an exporter, if they are wanted.

    It is made by `start_redis`, `start_server`, `start_rig`, `at` or `kept`, and ended by `stop`,
    which is also the end of a `with` block. What it starts listens on 127.0.0.1 and dies with this
    process. What ran before goes on afterwards.
    """

    _owner: "RigOwner | None" = None

    @classmethod
    def start_redis(cls, *, keep: bool = False) -> Self:
        """
        Start a Redis and nothing else; `wait_ready` waits for it.

        Args:
            keep: It goes on when this process ends.

        Raises:
            HarnessError: If something cannot be started.
        """
        return cls.start("redis", {}, keep=keep)

    @classmethod
    def start_server(cls, *, keep: bool = False, **settings: object) -> Self:
        """
        Start a Redis and a physiology_server; `wait_ready` waits for them.

        Args:
            keep: They go on when this process ends.
            settings: Settings of the server, such as `seed`.

        Raises:
            HarnessError: If something cannot be started.
        """
        return cls.start("server", settings, keep=keep)

    @classmethod
    def start_rig(cls, *, keep: bool = False, **settings: object) -> Self:
        """
        Start a whole rig; `wait_ready` waits for it.

        Args:
            keep: It goes on when this process ends.
            settings: Settings of its own camera's server, such as `seed`.

        Raises:
            HarnessError: If something cannot be started.
        """
        return cls.start("rig", settings, keep=keep)

    @classmethod
    def at(cls, url: str, exporter_url: str = "") -> Self:
        """
        Take a rig that runs already, such as that of `make up`.

        Args:
            url: Its Redis: `redis://[user:password@]host:port`.
            exporter_url: Its exporter: `http://host:port`.

        Raises:
            HarnessError: If it does not answer, refuses the password, or somebody else uses it.
        """
        from vitalrig.testing.given_rig import check_exporter_url  # noqa: PLC0415  see attach

        check_exporter_url(exporter_url)
        RigAddress.parse(url)
        return cls.attach(RigDescription("rig", redis=url, exporter=exporter_url.rstrip("/")))

    @classmethod
    def attach(cls, description: RigDescription) -> Self:
        """
        Take a rig that another process started and described.

        Raises:
            HarnessError: If it does not answer, or somebody else uses it.
        """
        # Redis's library, which takes long to import; a rig of one's own starts meanwhile.
        from vitalrig.testing.given_rig import taken  # noqa: PLC0415

        sweep()
        owner = taken(RigAddress.parse(description.redis))
        processes = RigProcesses(RunFolder())
        processes.address = RigAddress.parse(description.redis)
        pools = PrefixPools(processes, prompt=bool(description.exporter))
        rig = cls(processes, pools, description)
        rig._owner = owner
        return rig

    @classmethod
    def kept(cls) -> Self:
        """
        Take the rig that was kept last: started with `keep`, and it runs still.

        Raises:
            HarnessError: If there is none, or somebody else uses it.
        """
        sweep()
        for folder in kept_folders():
            return cls.attach(RigDescription.parse((folder / DESCRIPTION).read_text("utf-8")))
        raise HarnessError("no rig was kept; start one with keep first")

    @classmethod
    def start(
        cls,
        parts: Parts,
        settings: Mapping[str, object],
        *,
        keep: bool = False,
        listen: ListenAddress = THIS_MACHINE,
    ) -> Self:
        """
        Start some parts of a rig; `wait_ready` waits for them.

        Args:
            parts: Which.
            settings: Settings of its own camera's server.
            keep: They go on when this process ends.
            listen: Where they listen.

        Raises:
            HarnessError: If something cannot be started.
        """
        sweep()
        processes = RigProcesses(RunFolder(kept=keep), outlives_us=keep, listen=listen)
        pools = PrefixPools(processes, prompt=parts == "rig")
        try:
            description = start_parts(parts, processes, pools, settings)
            (processes.folder.path / DESCRIPTION).write_text(description.to_json(), "utf-8")
        except BaseException:
            processes.stop()
            processes.folder.remove()
            raise
        rig = cls(processes, pools, description)
        if keep:
            atexit.unregister(rig.stop)
        return rig

    def take_prefix(self) -> str:
        """
        Give a key prefix for a camera, which nobody has had in this rig.

        Raises:
            HarnessError: If somebody else has taken the rig meanwhile.
            NotReady: If a collector for it does not come up.
        """
        if self._owner is not None:
            self._owner.require()
        return super().take_prefix()

    @cached_property
    def faults(self) -> "Faults":
        """
        Faults on its services; `lift` ends them all.
        """
        from vitalrig.testing.faults import Faults  # noqa: PLC0415  see attach

        return Faults(self)

    def camera(
        self,
        scenario: "str | Path" = "",
        *,
        seed: int = 1,
        speed: float = 1.0,
        pulse_rate: float = 72,
        breathing_rate: float = 15,
        fps: float = 30,
        **flags: object,
    ) -> "Camera":
        """
        Start a camera under a key prefix of its own, and wait until it publishes.

        Args:
            scenario: What happens to its person: the name of a shipped scenario, such as `apnea`,
                or a path; empty for nothing.
            seed: Which person, and all that is left to chance.
            speed: Seconds of the camera in one second.
            pulse_rate: Beats per minute, unless the scenario says it.
            breathing_rate: Breaths per minute, unless the scenario says it.
            fps: Frames a second, unless the scenario says it.
            flags: Further settings of its server.

        Raises:
            BadSettings: If there is no such scenario; the text has the nearest name.
            HarnessError: If there is no such setting; the text has the nearest name.
            NotReady: If it does not publish.
        """
        from vitalrig.testing.camera import Camera  # noqa: PLC0415  see attach

        camera = Camera(
            self,
            scenario,
            seed=seed,
            speed=speed,
            pulse_rate=pulse_rate,
            breathing_rate=breathing_rate,
            fps=fps,
            **flags,
        )
        try:
            return camera.wait_ready()
        except BaseException:
            camera.stop()
            raise

    def stop(self) -> None:
        """
        End what was started here and remove its folder. What has ended already is no error.
        """
        super().stop()
        if self._owner is not None:
            self._owner.release()
