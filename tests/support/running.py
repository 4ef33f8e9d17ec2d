"""Real services, run in this process until the test is over."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from vitalrig.service.health import Health
from vitalrig.service.serve import Service
from vitalrig.service.watchdog import Watchdog


def a_watchdog(folder: Path, name: str = "service") -> Watchdog:
    return Watchdog(Health(folder / f"{name}.health"), wedged_after_s=60)


@contextmanager
def running(service: Service) -> Iterator[None]:
    """Run, from when it is ready until the block ends; what the service raised is raised here."""
    stop, failed = threading.Event(), []

    def run() -> None:
        try:
            service.run(stop)
        except BaseException as exc:  # noqa: BLE001  handed over to the test
            failed.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        eventually(lambda: failed or getattr(service, "is_ready", True))
        yield
    finally:
        stop.set()
        thread.join(PATIENCE_S)
        if failed:
            raise failed[0]
    assert not thread.is_alive(), "the service did not stop"


AS_IN_THE_RIG = {"physiology_server": {"source": "synthetic", "streaming_backend": "redis"}}


def load(settings_class: type, redis_server: Any = None, **keys: object) -> Any:
    """Make settings as the command line would; what differs from defaults in the rig is set."""
    keys = AS_IN_THE_RIG.get(settings_class.service(), {}) | keys
    if redis_server is not None:
        keys["redis_port"] = redis_server.port
    argv = ["--config=/dev/null", *(f"--{key}={value}" for key, value in keys.items())]
    return settings_class.load(argv, {})[0]


def build(settings: Any, make: Callable[..., Any], folder: Path) -> Any:
    return make(settings, a_watchdog(folder, type(settings).__name__))
