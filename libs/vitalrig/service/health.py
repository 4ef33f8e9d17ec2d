"""
Health: what a service says of itself, and the one probe that every container uses.

A service writes a small JSON file about once a second. Its stamp is the monotonic clock, which
all processes of a machine share and which does not jump. Standard library only, but for
`grpc://`, which needs grpcio.

    python -m vitalrig.service.health file:/tmp/health.json?max_age_s=15
    python -m vitalrig.service.health http://127.0.0.1:8317/-/healthy
    python -m vitalrig.service.health grpc://127.0.0.1:50051
"""

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from vitalrig.atomic_files import replace_bytes
from vitalrig.clock import Clock, SystemClock
from vitalrig.harmless import harmless

WRITE_EVERY_S = 1.0

# A service of ours is never asked through a proxy, whatever the environment says.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Health:
    """
    What one service says of itself. Nothing failing means healthy.

    Args:
        path: The file that the probe reads.
        clock: What tells the time.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self._path = path
        self._clock = clock or SystemClock()
        self._failing: dict[str, str] = {"start": "not ready yet"}
        self._written_at_s = float("-inf")
        self._written: dict[str, str] | None = None
        self._when_ready: Callable[[], object] = bool

    @property
    def failing(self) -> dict[str, str]:
        """
        Names of the failing checks, with the reason of each.
        """
        return dict(self._failing)

    def ready(self) -> None:
        """
        The service has started.
        """
        if self._failing.pop("start", None) is not None:
            self._when_ready()

    def when_ready(self, then: Callable[[], object]) -> None:
        """
        Call *then* once, when the service has started.
        """
        self._when_ready = then

    def fail(self, check: str, why: str) -> None:
        """
        The check called *check* fails because of *why*.
        """
        self._failing[check] = why

    def ok(self, check: str) -> None:
        """
        The check called *check* passes.
        """
        self._failing.pop(check, None)

    def set(self, check: str, why: str | None) -> None:
        """
        Set one check: it fails for the reason *why*, or passes with None.
        """
        if why is None:
            self.ok(check)
        else:
            self.fail(check, why)

    def write(self) -> None:
        """
        Write the file if something changed or the last writing is a second old.

        A folder that cannot be written to is not an error here: the probe then finds an old
        file and says so.
        """
        now_s = self._clock.monotonic_s()
        if self._written == self._failing and now_s - self._written_at_s < WRITE_EVERY_S:
            return
        document = {"monotonic_s": now_s, "failing": self._failing}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            replace_bytes(self._path, json.dumps(document).encode())
        except OSError:
            return
        self._written, self._written_at_s = dict(self._failing), now_s


def probe(target: str, clock: Clock | None = None) -> list[str]:
    """
    Ask *target* for its health.

    Returns:
        One line per failing check; none means healthy.
    """
    parts = urlsplit(target)
    match parts.scheme:
        case "file":
            max_age_s = float(parse_qs(parts.query).get("max_age_s", ["15"])[0])
            return _probe_file(Path(unquote(parts.path)), max_age_s, clock or SystemClock())
        case "http" | "https":
            return _probe_http(target)
        case "grpc":
            return _probe_grpc(parts.netloc)
    return [f"{target}: write file:PATH?max_age_s=N, http://... or grpc://HOST:PORT"]


def _probe_file(path: Path, max_age_s: float, clock: Clock) -> list[str]:
    try:
        document = json.loads(path.read_text())
        age_s = clock.monotonic_s() - document["monotonic_s"]
        failing = dict(document["failing"])
    except OSError as exc:
        return [f"health file: {path} cannot be read ({exc.strerror})"]
    except (ValueError, KeyError, TypeError):
        return [f"health file: {path} holds no health"]
    if not 0 <= age_s <= max_age_s:
        return [f"loop: stands still for {age_s:.0f} s (at most {max_age_s:.0f} s)"]
    return [f"{check}: {why}" for check, why in failing.items()]


def _probe_http(url: str) -> list[str]:
    try:
        with _DIRECT.open(url, timeout=5):
            return []
    except urllib.error.HTTPError as exc:
        return [f"http: {exc.code} {exc.read(500).decode(errors='replace').strip()}"]
    except OSError as exc:
        return [f"http: {exc}"]


def _probe_grpc(address: str) -> list[str]:
    import grpc  # noqa: PLC0415  only this kind of probe needs it
    from grpc_health.v1 import health_pb2, health_pb2_grpc  # noqa: PLC0415

    try:
        with grpc.insecure_channel(address, (("grpc.enable_http_proxy", 0),)) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    except grpc.RpcError as exc:
        return [f"grpc: {exc.code().name} {exc.details()}"]
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        return [f"grpc: {health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)}"]
    return []


def main(argv: Sequence[str]) -> int:
    """
    Print what fails; exit status 0 only if nothing does.
    """
    if len(argv) != 1 or argv[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if argv and argv[0] in ("-h", "--help") else 2
    failing = probe(argv[0])
    print("\n".join(map(harmless, failing)) or "ok")
    return 1 if failing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
