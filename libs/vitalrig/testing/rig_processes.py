"""The processes of one rig: how they are started, told, heard and ended."""

import time

from vitalrig.installation import command_of
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.harness_ports import ReservedPorts
from vitalrig.testing.installed_redis import find_redis, redis_command
from vitalrig.testing.listen_address import THIS_MACHINE, ListenAddress
from vitalrig.testing.managed_process import GRACE_S, ManagedProcess
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.run_folder import RunFolder
from vitalrig.testing.service_flags import as_flags, child_environment, common_settings

REDIS = "redis"


class RigProcesses:
    """
    The processes of one rig, all in its folder, with its token and on its ports.

    Args:
        folder: The rig's folder.
        outlives_us: They go on when this process ends.
        listen: Where they listen.

    Attributes:
        folder: The rig's folder.
        ports: The rig's ports.
        running: All processes by name, also those that have ended.
        listen: Where they listen.
        address: Where the rig's Redis is.
    """

    def __init__(
        self,
        folder: RunFolder,
        *,
        outlives_us: bool = False,
        listen: ListenAddress = THIS_MACHINE,
    ) -> None:
        self.folder = folder
        self.ports = ReservedPorts()
        self.running: dict[str, ManagedProcess] = {}
        self.address = RigAddress()
        self.listen = listen
        self._outlives_us = outlives_us

    def start_redis(self) -> ManagedProcess:
        """
        Start a Redis of the rig's own.

        Raises:
            HarnessError: If there is no Redis to run.
        """
        self.address = RigAddress(port=self.listen.port(REDIS, self.ports))
        command = redis_command(find_redis(), self.address.port, self.folder.path, self.listen)
        return self._start(REDIS, command)

    def spawn(self, service: str, name: str, *flags: str) -> ManagedProcess:
        """
        Start one more service of the rig, which knows where Redis is.

        Args:
            service: The service, such as `physiology_server`.
            name: What the process is called; two of a rig have different names.
            flags: What it is told besides.

        Raises:
            HarnessError: If it cannot be started, or there is one of that name.
        """
        common = as_flags(common_settings(self.address, name, self.folder.path))
        return self._start(name, command_of(service, *common, *flags))

    def _start(self, name: str, command: list[str]) -> ManagedProcess:
        if name in self.running:
            raise HarnessError(f"there is a process {name} in this rig")
        process = ManagedProcess(
            name,
            command,
            self.folder.path / f"{name}.log",
            child_environment(self.folder.token),
            outlives_us=self._outlives_us,
        )
        process.start()
        self.running[name] = process
        return process

    def stop(self, grace_s: float = GRACE_S) -> None:
        """
        End all, Redis after those that use it, and give the ports back.
        """
        users = [process for name, process in self.running.items() if name != REDIS]
        for process in users:
            process.ask_to_stop()
        deadline_s = time.monotonic() + grace_s
        for process in users:
            process.stop(max(0.0, deadline_s - time.monotonic()))
        if REDIS in self.running:
            self.running[REDIS].stop(grace_s)
        self.ports.release()
