"""A real Prometheus with the rig's own configuration, only faster."""

import json
import re
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.own_process import OwnProcess
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port
from tests.support.programs import program
from tests.support.promql import PROMETHEUS

FASTER = 10
SHORTEST_FOR_S = 5
SHORTEST_WINDOW_S = 4
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def shortened(text: str) -> str:
    """
    Rules in which every `for` and every window is a tenth as long.

    Services report once a second and take a few to be back after Redis was away, neither of which
    can be made faster. So no `for` is under 5 s, and no window under 4 s. Thresholds stay.
    """

    def scaled(number: str, unit: str, least_s: int) -> str:
        return f"{max(least_s, int(number) * _SECONDS[unit] // FASTER)}s"

    text = re.sub(
        r"(?m)^(\s+for: )(\d+)([smh])$",
        lambda found: found[1] + scaled(found[2], found[3], SHORTEST_FOR_S),
        text,
    )
    return re.sub(
        r"\[(\d+)([smh])\]",
        lambda found: f"[{scaled(found[1], found[2], SHORTEST_WINDOW_S)}]",
        text,
    )


class Prometheus:
    """Asks one that runs."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self._url}/-/ready", timeout=PATIENCE_S) as answer:
                return answer.status == 200
        except OSError:
            return False

    def ask(self, path: str, **parameters: object) -> Any:
        query = urllib.parse.urlencode(parameters)
        url = f"{self._url}/api/v1/{path}?{query}"
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{parameters}: {refused.read().decode()}") from refused

    def since(self, began_s: float, query: str) -> list[dict[str, Any]]:
        """Every series that the query gave at any second from then until now."""
        return self.ask("query_range", query=query, start=began_s, end=time.time(), step=1)[
            "result"
        ]

    def now(self, query: str) -> list[dict[str, Any]]:
        return self.ask("query", query=query)["result"]


def _configured(folder: Path, ports: Mapping[str, int]) -> Path:
    shutil.copytree(PROMETHEUS, folder)
    for path in [*folder.glob("*.yml"), *folder.glob("examples/*.yml")]:
        path.write_text(shortened(path.read_text()))
    config = folder / "prometheus.yml"
    text = config.read_text()
    for old, new in (
        ("scrape_interval: 5s", "scrape_interval: 1s"),
        ("scrape_timeout: 4s", "scrape_timeout: 1s"),
        ("evaluation_interval: 5s", "evaluation_interval: 1s"),
        *((target, f"127.0.0.1:{port}") for target, port in ports.items()),
        ('targets: ["alertmanager:9093"]', "targets: []"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    config.write_text(text)
    return config


@contextmanager
def watching(exporter_port: int, telemetry_port: int, folder: Path) -> Iterator[Prometheus]:
    """A Prometheus that scrapes the exporter and telemetry, until the block ends."""
    binary = program("prometheus", package="prometheus")
    port = free_port()
    targets = {"exporter:8317": exporter_port, "telemetry:6562": telemetry_port}
    config = _configured(folder / "config", targets | {"localhost:9090": port})
    command = [
        binary, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    prometheus = Prometheus(port)
    with OwnProcess("prometheus", command, folder).until(prometheus.is_ready):
        yield prometheus
