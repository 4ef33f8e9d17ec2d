"""Faults on a rig: its services frozen, killed or stopped, each until it is lifted."""

import contextlib
from collections.abc import Callable
from typing import Self

from vitalrig.nearest import did_you_mean
from vitalrig.testing.camera import Camera
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.recovery import wait_recovered
from vitalrig.testing.rig_processes import REDIS
from vitalrig.testing.running_rig import RunningRig


class Fault:
    """
    One fault, until it is lifted: by `lift()`, by the end of its `with` block, or with all.

    Args:
        lift: Ends it.
    """

    def __init__(self, lift: Callable[[], None]) -> None:
        self._lift: Callable[[], None] | None = lift

    def lift(self) -> None:
        """
        End it. A second time does nothing.
        """
        lift, self._lift = self._lift, None
        if lift is not None:
            lift()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lift()


class Faults:
    """
    The faults of one rig.

    A service is one of the rig's processes by its name: `redis`, `physiology_server`, `collector`,
    `exporter`; or a camera, whose own server is meant then.

    Args:
        rig: The rig.
    """

    def __init__(self, rig: RunningRig) -> None:
        self._rig = rig
        self._faults: list[Fault] = []

    def freeze(self, service: str | Camera) -> Fault:
        """
        Stop a service where it is (SIGSTOP): it keeps its connections and answers nobody.

        Raises:
            HarnessError: If there is no such service, or it is not this harness's.
        """
        process = self._process(service)
        process.freeze()
        return self._added(process.thaw)

    def kill(self, service: str | Camera) -> Fault:
        """
        End a service at once (SIGKILL); lifted, it is started again.

        Redis may lose what it took in the second before.

        Raises:
            HarnessError: If there is no such service, or it is not this harness's.
        """
        process = self._process(service)
        process.kill()
        return self._added(process.start)

    def stop(self, service: str | Camera) -> Fault:
        """
        End a service in order; lifted, it is started again.

        Raises:
            HarnessError: If there is no such service, or it is not this harness's.
        """
        process = self._process(service)
        process.stop()
        return self._added(process.start)

    def start(self, service: str | Camera) -> None:
        """
        Start a service that was killed or stopped, and let a frozen one go on.

        Raises:
            HarnessError: If there is no such service, or it is not this harness's.
        """
        process = self._process(service)
        process.thaw()
        process.start()

    def restart(self, service: str | Camera) -> None:
        """
        End a service in order, start it again, and wait until the rig works.

        Raises:
            HarnessError: If there is no such service, or it is not this harness's.
            NotReady: If the rig does not work again.
        """
        self.stop(service).lift()
        wait_recovered(self._rig)

    def redis_away(self) -> Fault:
        """
        Take Redis away: connections are refused. Lifted, it is back with what it had.

        Raises:
            HarnessError: If it is not this harness's.
        """
        return self.stop(REDIS)

    def lift(self) -> None:
        """
        Lift all faults, the last one first, and wait until the rig works again.

        Raises:
            NotReady: If it does not.
        """
        faults, self._faults = self._faults, []
        with contextlib.ExitStack() as lifts:
            for fault in faults:
                lifts.callback(fault.lift)
        if faults:
            wait_recovered(self._rig)

    def _added(self, lift: Callable[[], None]) -> Fault:
        fault = Fault(lift)
        self._faults.append(fault)
        return fault

    def _process(self, service: str | Camera) -> ManagedProcess:
        known = self._rig.processes
        if isinstance(service, Camera):
            return service.process
        if service in known:
            return known[service]
        if REDIS not in known:
            raise HarnessError(
                "this rig was started by somebody else: its services cannot be frozen, killed or"
                " stopped from here"
            )
        hint = did_you_mean(service, known) or f"; it has {', '.join(known)}"
        raise HarnessError(f"there is no service {service} in this rig{hint}")
