"""
An exporter as it is usually written: gauges that are set anew before each scrape.

It hears the same reports in the same Redis as ours and shows the same figures, with the standard
library's JSON and prometheus_client's gauges, labels, writers and server. What has gone stays on
its page for ever, so it is a reference for speed only.

    python benchmarks/support/plain_exporter.py REDIS_PORT HTTP_PORT
"""

import json
import sys
import threading
from wsgiref.simple_server import make_server

import redis
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import ThreadingWSGIServer, _SilentHandler, make_wsgi_app

SIGNALS = {
    "pulse": "core_metrics/pulse.rate",
    "breathing": "core_metrics/breathing.rate",
    "phasic_blood_pressure": "core_metrics/blood_pressure.phasic",
    "eda": "edge_metrics/eda.trace",
    "micromotion_glutes": "edge_metrics/micromotion.glutes",
    "micromotion_knees": "edge_metrics/micromotion.knees",
}
STATES = ("settling", "valid", "held", "stale", "lost")
STEP = ("count", "busy_s", "size_bytes", "last_beat_us", "global_rate_hz", "window_rate_hz",
        "instant_rate_hz")  # fmt: skip


class Plain:
    """All gauges, and the Redis that they are set from."""

    def __init__(self, port: int) -> None:
        self.client = redis.Redis(port=port)
        self.registry = CollectorRegistry()
        self.gauges: dict[str, Gauge] = {}
        self.heard: dict[str, bytes] = {}
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        subscription = self.client.pubsub()
        subscription.psubscribe("vitalrig:*")
        for message in subscription.listen():
            if message["type"] == "pmessage":
                self.heard[message["channel"].decode()] = message["data"]

    def set(self, name: str, value: float, **labels: str) -> None:
        if name not in self.gauges:
            self.gauges[name] = Gauge(f"plain_{name}", name, tuple(labels), registry=self.registry)
        self.gauges[name].labels(**labels).set(value)

    def refresh(self) -> None:
        for name, value in self.client.info().items():
            if name in ("used_memory", "maxmemory", "connected_clients"):
                self.set(name, value, server="redis")
        for channel, text in list(self.heard.items()):
            kind, name = channel.split(":")[1:]
            if kind == "cameras":
                self._camera(name, json.loads(text))
            else:
                self._report(json.loads(text))

    def _camera(self, camera: str, view: dict) -> None:
        for signal, series in SIGNALS.items():
            sample = view["series"][series]
            self.set(signal, sample["value"], camera=camera)
            if sample["confidence"] is not None:
                self.set(f"{signal}_confidence", sample["confidence"], camera=camera)
            self.set("last_sample", sample["timestamp_us"] / 1e6, camera=camera, signal=signal)
            self.set("samples", sample["samples"], camera=camera, signal=signal)
            for state in STATES:
                self.set("state", state == "valid", camera=camera, signal=signal, state=state)
        self.set("status", 1, camera=camera, status=view["status"])
        self.set("updated", view["updated_us"] / 1e6, camera=camera)
        for channel, count in view["envelopes"].items():
            self.set("envelopes", count, camera=camera, channel=channel)
        for name, value in view["recording"].items():
            self.set(f"recording_{name}", float(value or 0), camera=camera)
        for name, value in view["counters"].items():
            self.set(f"camera_{name}", value, camera=camera)

    def _report(self, report: dict) -> None:
        who = {"service": report["service"], "camera": report["instance"]}
        for step, figures in report["steps"].items():
            for name in STEP:
                if name in figures:
                    self.set(f"step_{name}", figures[name], step=step, **who)
        for name, value in report["counters"].items():
            self.set(f"counter_{name}", value, **who)
        self.set("report", report["updated_us"] / 1e6, **who)
        self.set("build", 1, version=report["version"], **who)
        if "source" in report["facts"]:
            self.set("source", 1, camera=report["instance"], source=report["facts"]["source"])


def main() -> None:
    redis_port, http_port = map(int, sys.argv[1:])
    plain = Plain(redis_port)
    metrics = make_wsgi_app(plain.registry)

    def app(environ, start_response):
        plain.refresh()
        return metrics(environ, start_response)

    make_server(
        "127.0.0.1", http_port, app, ThreadingWSGIServer, handler_class=_SilentHandler
    ).serve_forever()


if __name__ == "__main__":
    main()
