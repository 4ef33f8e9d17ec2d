"""What a camera says now: the newest sample of each series, for the exporter."""

from typing import Any

from services.collector.transport.base import Arrival
from smartspectra.ipc.aggregate import MAX_SERIES
from smartspectra.ipc.channels import KINDS, RECORDING_STATE, STATUS
from smartspectra.ipc.envelope import BadEnvelope, Envelope
from smartspectra.ipc.extract import (
    _coerce_sample_timestamp,
    _coerce_sample_value,
    _extract_measurement_lists,
)
from vitalrig.clock import Moment
from vitalrig.metrics.latency import Latencies
from vitalrig.metrics.parse import OTHER


class LiveView:
    """
    Follows one camera's envelopes without keeping them.

    Its cost does not grow: of more series than a session may have, those that were silent longest
    are forgotten.

    Attributes:
        envelopes: How many arrived, by channel.
        rejected: How many could not be understood, by reason.
        latencies: How long those with metrics took from their stamp until they were received.
    """

    def __init__(self) -> None:
        self.envelopes: dict[str, int] = {}
        self.rejected: dict[str, int] = {}
        self.latencies = Latencies()
        self._series: dict[str, dict[str, Any]] = {}
        self._seen: dict[str, Moment] = {}
        self._status = ""

    def see(self, arrival: Arrival, received: Moment, *, is_prompt: bool = True) -> None:
        """
        Take one envelope, which was received at *received*; a while ago if not *is_prompt*.
        """
        channel = arrival.channel if arrival.channel in KINDS else OTHER
        self.envelopes[channel] = self.envelopes.get(channel, 0) + 1
        try:
            envelope = Envelope.parse(arrival.envelope)
            if arrival.channel == STATUS:
                self._status = _status_of(envelope.payload)
            elif arrival.channel != RECORDING_STATE and isinstance(envelope.payload, dict):
                self._see_samples(arrival.channel, envelope, received)
                if envelope.timestamp_us is not None and is_prompt:
                    self.latencies.see(envelope.timestamp_us, received.wall_us)
        except BadEnvelope as exc:
            self.rejected[exc.reason] = self.rejected.get(exc.reason, 0) + 1

    def document(self, now: Moment) -> dict[str, Any]:
        """
        Everything, JSON-ready, with the age that each sample has at *now*.
        """
        series = {
            key: {**sample, "age_s": self._seen[key].age_s(sample["timestamp_us"], now)}
            for key, sample in self._series.items()
        }
        return {
            "status": self._status,
            "series": series,
            "envelopes": self.envelopes,
            "rejected": self.rejected,
            "latency": self.latencies.document(),
        }

    def _see_samples(self, channel: str, envelope: Envelope, received: Moment) -> None:
        for name, samples in _extract_measurement_lists(envelope.payload):
            newest = samples[-1]
            value = _coerce_sample_value(newest)
            stamp_us = _coerce_sample_timestamp(newest) or envelope.timestamp_us
            if value is None or stamp_us is None:
                continue
            key = f"{channel}/{name}"
            before = self._series.pop(key, None)
            self._series[key] = {  # at the end, as the newest
                "timestamp_us": stamp_us,
                "value": value,
                "stable": newest.get("stable"),
                "confidence": _coerce_sample_value({"value": newest.get("confidence")}),
                "samples": (before["samples"] if before else 0) + len(samples),
            }
            self._seen[key] = received
            if len(self._series) > MAX_SERIES:
                silent = next(iter(self._series))
                del self._series[silent], self._seen[silent]


def _status_of(payload: object) -> str:
    """
    Read a status; the vendor's form is not public.
    """
    return str(payload.get("value", "") if isinstance(payload, dict) else payload)
