"""A rig that runs: where its parts are, what they say, and how more is started in it."""

import atexit
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from vitalrig.nearest import did_you_mean
from vitalrig.testing import readiness
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.log_file import LogFile, events_of
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.metric_samples import MetricSample, samples_of
from vitalrig.testing.prefix_pools import PrefixPools
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.rig_checks import READY_S, checks_of
from vitalrig.testing.rig_description import RigDescription
from vitalrig.testing.rig_processes import RigProcesses

T = TypeVar("T")


class RunningRig:
    """
    What can be done with a rig, whoever started it. `Rig` says how to come by one.

    Attributes:
        description: Where everything is; `description.to_json()` tells another process.
        token: What the processes that were started here have in their environment.
        folder: The folder of what was started here, with logs and sessions; removed at the end.
        address: Where its Redis is.
        processes: The processes that were started here, by name, also those that have ended.
    """

    def __init__(
        self, processes: RigProcesses, pools: PrefixPools, description: RigDescription
    ) -> None:
        self.description = description
        self.token = processes.folder.token
        self.folder = processes.folder.path
        self.address: RigAddress = processes.address
        self.processes: Mapping[str, ManagedProcess] = processes.running
        self._processes = processes
        self._pools = pools
        self._is_stopped = False
        atexit.register(self.stop)

    @property
    def redis_url(self) -> str:
        """
        The URL of its Redis.
        """
        return self.address.url

    def url(self, service: str) -> str:
        """
        Give the address of a service: `redis://...`, `http://...`, and `host:port` for gRPC.

        Raises:
            HarnessError: If there is no such service, or it has no address.
        """
        return _named(service, self.description.urls, "address of")

    def wait_ready(self, timeout: float = READY_S) -> None:
        """
        Wait until every part has done its work once: an envelope has come through all of them.

        Raises:
            NotReady: If one did not within *timeout* seconds, or ended; the error has its log.
        """
        checks = list(checks_of(self.description))
        parts = {check.service for check in checks}
        own = {name: process for name, process in self.processes.items() if name in parts}
        readiness.wait_for_checks(checks, own, timeout, self.log_files)

    def metrics(self, name: str = "", **labels: str) -> list[MetricSample]:
        """
        Give what the exporter's page shows now.

        Args:
            name: Only the metric of this name.
            labels: Only what has these labels.

        Raises:
            HarnessError: If there is no exporter, or it does not answer.
        """
        try:
            shown = readiness.page(f"{self.url('exporter')}/metrics")
        except OSError as exc:
            raise HarnessError(f"the exporter gives no page: {exc}") from exc
        return [
            sample
            for sample in samples_of(shown)
            if name in ("", sample.name) and labels.items() <= sample.labels.items()
        ]

    def metric(self, name: str, **labels: str) -> float:
        """
        Give the one number that has this name and these labels.

        Raises:
            HarnessError: If there is none, or more than one.
        """
        found = self.metrics(name, **labels)
        if len(found) != 1:
            raise HarnessError(f"the page has {len(found)} numbers {name} with {labels}")
        return found[0].value

    @property
    def log_files(self) -> dict[str, LogFile]:
        """
        The logs of all processes, also of those that others started, by name.
        """
        others = self.description.logs().items()
        return {name: LogFile(name, path) for name, path in others} | dict(self.processes)

    def events(self) -> list[dict[str, Any]]:
        """
        Give what all services logged, as it was logged, in order of time.

        Each event has `process`, the name of the process, beside `event`, `time` and the rest.
        """
        return events_of(self.log_files.values())

    def logs(self, service: str) -> str:
        """
        Give what a process logged so far.

        Raises:
            HarnessError: If there is none of that name.
        """
        return _named(service, self.log_files, "log of").log_text()

    def spawn(self, service: str, name: str, *flags: str) -> ManagedProcess:
        """
        Start one more service in this rig; it knows where Redis is.

        Args:
            service: The service, such as `physiology_server`.
            name: What the process is called; two of a rig have different names.
            flags: What it is told besides, such as `--port=0`.

        Raises:
            HarnessError: If it cannot be started, or the name is taken.
        """
        return self._processes.spawn(service, name, *flags)

    def take_port(self) -> int:
        """
        Reserve a port on 127.0.0.1 until the rig ends.

        Raises:
            HarnessError: If none is free.
        """
        return self._processes.ports.take()

    def take_prefix(self) -> str:
        """
        Give a key prefix for a camera, which nobody has had in this rig.

        Raises:
            NotReady: If a collector for it does not come up.
        """
        return self._pools.take()

    def sessions_folder(self, prefix: str) -> Path:
        """
        Give the folder of a camera's sessions.

        Raises:
            HarnessError: If it is no camera of this rig, or its sessions are elsewhere.
            NotReady: If the collector for it does not come up.
        """
        if prefix and prefix == self.description.prefix:
            if not self.description.sessions:
                raise HarnessError(f"nothing of this rig records {prefix} on this machine")
            return Path(self.description.sessions)
        return self._pools.sessions_folder(prefix)

    def stop(self) -> None:
        """
        End what was started here and remove its folder. What has ended already is no error.
        """
        if self._is_stopped:
            return
        self._is_stopped = True
        atexit.unregister(self.stop)
        self._processes.stop()
        self._processes.folder.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def _named(name: str, known: Mapping[str, T], what: str) -> T:
    if name in known:
        return known[name]
    hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
    raise HarnessError(f"there is no {what} {name} in this rig{hint}")
