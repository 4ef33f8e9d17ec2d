"""
Heartbeats of a service's steps, and the report that it publishes of them.

A step is a place in a service's loop: frames in, envelopes out, written, scraped. Its heartbeats
count units of work, with the time since the beat before (so rates are throughput in hertz), the
busy time and the bytes of each. This "heart rate" is a pipeline's; the patient's is pulse.
"""

import threading
from typing import Any

from vitalrig.clock import Clock, SystemClock
from vitalrig.heartbeat import Heartbeat
from vitalrig.version import VERSION

WINDOW_SIZE = 100
SHORTEST_S = 1e-9
"""Heartbeats want a positive time, and a coarse clock may not have moved."""


class Step:
    """One step's heartbeats."""

    def __init__(self, clock: Clock) -> None:
        # Looked up once: a step may beat for every envelope.
        self._wall_us = clock.wall_us
        self._uptime_s = clock.uptime_s
        self._heartbeat = Heartbeat(WINDOW_SIZE, fields_shape=(1, 1))
        self._issue = self._heartbeat.heartbeat
        self._beaten_at_s = clock.uptime_s()
        self._beaten_at_us = 0

    def beat(self, busy_s: float = 0.0, size_bytes: float = 0) -> None:
        """
        One unit of work was done; it took *busy_s* and moved *size_bytes*.
        """
        now_s = self._uptime_s()
        since_s = now_s - self._beaten_at_s
        self._issue(0, (max(since_s, SHORTEST_S),), ((busy_s,), (size_bytes,)))
        self._beaten_at_s = now_s
        self._beaten_at_us = self._wall_us()

    def beat_times(self, number: int, busy_s: float, size_bytes: int) -> None:
        """
        So many units of work were done together; all took *busy_s* and moved *size_bytes*.
        """
        if not number:
            return
        now_s = self._uptime_s()
        time = (max((now_s - self._beaten_at_s) / number, SHORTEST_S),)
        share_s, (share_bytes, rest_bytes) = busy_s / number, divmod(size_bytes, number)
        issue, fields = self._issue, ((share_s,), (share_bytes,))
        for _ in range(number - 1):
            issue(0, time, fields)
        issue(0, time, ((share_s,), (share_bytes + rest_bytes,)))
        self._beaten_at_s = now_s
        self._beaten_at_us = self._wall_us()

    def report(self) -> dict[str, Any]:
        """
        Counters first, the three rates besides.
        """
        beats = self._heartbeat
        if not beats.count:
            return {"count": 0, "busy_s": 0.0, "size_bytes": 0}
        record = beats.get_record()
        busy, size = record.field_records
        return {
            "count": int(record.ident) + 1,
            "busy_s": busy.glbl,
            "size_bytes": size.glbl,
            "global_rate_hz": record.time.glbl_rate,
            "window_rate_hz": record.time.wndw_rate,
            "instant_rate_hz": record.time.inst_rate,
            "last_beat_us": self._beaten_at_us,
            "since_beat_s": self._uptime_s() - self._beaten_at_s,
        }


class ServiceHeartbeats:
    """
    All steps and counters of one service instance.

    Args:
        service: Name of the service.
        instance: What tells several of them apart; empty where there is one.
        clock: What tells the time.
    """

    def __init__(self, service: str, instance: str = "", clock: Clock | None = None) -> None:
        self.service = service
        self.instance = instance
        self._clock = clock or SystemClock()
        self._steps: dict[str, Step] = {}
        self._counters: dict[str, float] = {}
        self._lock = threading.Lock()
        self.facts: dict[str, Any] = {}

    @property
    def key(self) -> str:
        """
        What tells this instance's reports from all others.
        """
        return f"{self.service}@{self.instance}" if self.instance else self.service

    def step(self, name: str) -> Step:
        """
        The step called *name*, made when first asked for.
        """
        with self._lock:
            if name not in self._steps:
                self._steps[name] = Step(self._clock)
            return self._steps[name]

    def count(self, name: str, amount: float = 1) -> None:
        """
        Add *amount* to the counter called *name*; an amount of 0 makes it appear.
        """
        with self._lock:
            self._counters[name] = self._counters.get(name, 0) + amount

    def report(self) -> dict[str, Any]:
        """
        Everything, as one JSON-ready document.
        """
        with self._lock:
            steps, counters = dict(self._steps), dict(self._counters)
        return {
            "service": self.service,
            "instance": self.instance,
            "version": VERSION,
            "updated_us": self._clock.wall_us(),
            "window_size": WINDOW_SIZE,
            "facts": dict(self.facts),
            "steps": {name: step.report() for name, step in steps.items()},
            "counters": counters,
        }
