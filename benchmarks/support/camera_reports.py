"""What the collector reports of its cameras, heard as the exporter hears it."""

import json
import threading
import time
from collections.abc import Sequence
from typing import Self

import redis

from vitalrig import redis_keys


class CameraReports:
    """
    Hears reports until the block ends.

    Attributes:
        lags: How far each report's recording was behind its stream, in seconds.
        ages: How long before each report its newest edge sample was published, in seconds.

    Args:
        port: Redis's.
        prefixes: The cameras.
        late_s: How much later than it says an envelope is published.
    """

    def __init__(self, port: int, prefixes: Sequence[str], late_s: float = 0.0) -> None:
        self._late_s = late_s
        self.lags: list[float] = []
        self.ages: list[float] = []
        self._newest: dict[str, float] = dict.fromkeys(prefixes, float("inf"))
        self._pubsub = redis.Redis(port=port, protocol=2).pubsub()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._hear)

    def __enter__(self) -> Self:
        self._pubsub.psubscribe(f"{redis_keys.CAMERAS}*")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        self._pubsub.close()

    def all_below(self, lag_s: float) -> bool:
        """Whether the recording of every camera is so near to its stream."""
        return all(lag < lag_s for lag in self._newest.values())

    def _hear(self) -> None:
        while not self._ended.is_set():
            message = self._pubsub.get_message(timeout=0.2)
            if message is None or message["type"] != "pmessage":
                continue
            report = json.loads(message["data"])
            recording = report.get("recording") or {}
            if (lag_s := recording.get("lag_s")) is not None:
                self.lags.append(lag_s)
                self._newest[report["prefix"]] = lag_s
            newest = [
                sample["timestamp_us"] / 1e6
                for name, sample in report["series"].items()
                if name.startswith("edge_metrics/")
            ]
            if newest:
                self.ages.append(time.time() - max(newest) - self._late_s)
