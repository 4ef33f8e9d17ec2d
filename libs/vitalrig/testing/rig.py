"""A rig for tests: real services on this machine, made by the harness and ended with it."""

import atexit
import difflib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from smartspectra.ipc.wire.channels import DEFAULT_PREFIX
from vitalrig.redis_keys import envelopes_stream
from vitalrig.sessions_folder import camera_folder
from vitalrig.testing import readiness
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.leftovers import sweep
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.metric_samples import MetricSample, samples_of
from vitalrig.testing.prefix_pools import PrefixPools
from vitalrig.testing.readiness import Check
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.rig_processes import REDIS, RigProcesses
from vitalrig.testing.run_folder import RunFolder
from vitalrig.testing.service_flags import as_flags, health_file, server_settings

T = TypeVar("T")

SERVER, COLLECTOR, EXPORTER = "physiology_server", "collector", "exporter"

Parts = Literal["redis", "server", "rig"]
"""Redis alone, Redis and a server, or all of it."""

READY_S = 30.0


class Rig:
    """
    A Redis, and what works around it: a server, a collector and an exporter, if they are wanted.

    It is made by `start_redis`, `start_server`, `start_rig` or `at`, and ended by `stop`, also as
    the end of a `with` block. All of it listens on 127.0.0.1 and dies with this process.

    Attributes:
        parts: What it has.
        token: What tells it from all others; every process of it has it in its environment.
        folder: Its folder, with logs and sessions; removed when it ends.
        address: Where its Redis is.
        processes: Its processes by name, also those that have ended.
    """

    def __init__(self, parts: Parts, folder: RunFolder, processes: RigProcesses) -> None:
        self.parts: Parts = parts
        self.token = folder.token
        self.folder = folder.path
        self._folder = folder
        self._processes = processes
        self.processes: Mapping[str, ManagedProcess] = processes.running
        self._urls: dict[str, str] = {}
        self._pools = PrefixPools(processes, self._wait_for_health, prompt=parts == "rig")
        self._is_stopped = False
        atexit.register(self.stop)

    @classmethod
    def start_redis(cls, *, keep: bool = False) -> Self:
        """
        Start a Redis and nothing else; `wait_ready` waits for it.

        Args:
            keep: It goes on when this process ends.

        Raises:
            HarnessError: If something cannot be started.
        """
        return cls._start("redis", {}, keep=keep)

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
        return cls._start("server", settings, keep=keep)

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
        return cls._start("rig", settings, keep=keep)

    @classmethod
    def _start(cls, parts: Parts, settings: Mapping[str, object], *, keep: bool) -> Self:
        sweep()
        folder = RunFolder(kept=keep)
        rig = cls(parts, folder, RigProcesses(folder, outlives_us=keep))
        try:
            rig._start_parts(settings)
        except BaseException:
            rig.stop()
            raise
        return rig

    def _start_parts(self, settings: Mapping[str, object]) -> None:
        self._processes.start_redis()
        self._urls[REDIS] = self.redis_url
        if self.parts == "redis":
            return
        port = self.take_port()
        usual = server_settings(DEFAULT_PREFIX, port, self._folder.sub("spool"))
        self.spawn(SERVER, SERVER, *as_flags({**usual, **settings}))
        self._urls[SERVER] = f"127.0.0.1:{port}"
        if self.parts == "rig":
            self._pools.start_collector(0, COLLECTOR, [DEFAULT_PREFIX])
            port = self.take_port()
            sessions = self._folder.sub("sessions")
            told = {"listen_address": "127.0.0.1", "port": port, "sessions_folder": sessions}
            self.spawn(EXPORTER, EXPORTER, *as_flags(told))
            self._urls[EXPORTER] = f"http://127.0.0.1:{port}"

    @property
    def address(self) -> RigAddress:
        """
        Where its Redis is.
        """
        return self._processes.address

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
        return self._named(service, self._urls, "address of")

    def wait_ready(self, timeout: float = READY_S) -> None:
        """
        Wait until every part has done its work once: an envelope has come through all of them.

        Raises:
            NotReady: If one did not within *timeout* seconds, or ended; the error has its log.
        """
        readiness.wait_for_checks(list(self._checks()), self.processes, timeout)

    def _checks(self) -> Iterator[Check]:
        yield Check(REDIS, "it has to answer", partial(readiness.redis_trouble, self.address))
        if self.parts == "redis":
            return
        stream = envelopes_stream(DEFAULT_PREFIX)
        yield Check(
            SERVER,
            f"an envelope has to be in {stream}",
            partial(readiness.envelope_trouble, self.address, stream),
        )
        grpc = f"grpc://{self._urls[SERVER]}"
        yield Check(
            SERVER, "gRPC has to say that it serves", partial(readiness.health_trouble, grpc)
        )
        if self.parts == "rig":
            page = f"{self._urls[EXPORTER]}/metrics"
            yield self._health_check(COLLECTOR)
            yield Check(
                EXPORTER,
                "its page has to show envelopes that the collector reported",
                partial(readiness.page_trouble, page, DEFAULT_PREFIX),
            )
            yield self._health_check(EXPORTER)

    def _health_check(self, name: str) -> Check:
        path = health_file(name, self.folder)
        return Check(
            name, "it has to say that it is well", partial(readiness.health_file_trouble, path)
        )

    def _wait_for_health(self, process: ManagedProcess) -> None:
        readiness.wait_for_checks(
            [self._health_check(process.name)], {process.name: process}, READY_S
        )

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
            shown = readiness.page(f"{self.url(EXPORTER)}/metrics")
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

    def events(self) -> list[dict[str, Any]]:
        """
        Give what all services logged, as it was logged, in order of time.

        Each event has `process`, the name of the process, beside `event`, `time` and the rest.
        """
        return self._processes.events()

    def logs(self, service: str) -> str:
        """
        Give what a process logged so far.

        Raises:
            HarnessError: If there is none of that name.
        """
        return self._named(service, self.processes, "process").log_text()

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
            HarnessError: If it is no camera of this rig.
            NotReady: If the collector for it does not come up.
        """
        if self.parts == "rig" and prefix == DEFAULT_PREFIX:
            return camera_folder(prefix, self.folder / "sessions")
        return self._pools.sessions_folder(prefix)

    def stop(self) -> None:
        """
        End all processes of the rig and remove its folder. What has ended already is no error.
        """
        if self._is_stopped:
            return
        self._is_stopped = True
        atexit.unregister(self.stop)
        self._processes.stop()
        self._folder.remove()

    @staticmethod
    def _named(name: str, known: Mapping[str, T], what: str) -> T:
        if name in known:
            return known[name]
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
        raise HarnessError(f"there is no {what} {name} in this rig{hint}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
