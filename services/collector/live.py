"""What a camera says now: the newest sample of each series, for the exporter."""

from typing import Any

from services.collector.transport.base import Arrival
from smartspectra.ipc.channels import RECORDING_STATE, STATUS
from smartspectra.ipc.envelope import BadEnvelope, Envelope
from smartspectra.ipc.extract import (
    _coerce_sample_timestamp,
    _coerce_sample_value,
    _extract_measurement_lists,
)
from vitalrig.clock import Moment
from vitalrig.metrics.latency import Latencies


class LiveView:
    """
    Follows one camera's envelopes without keeping them. Its cost does not grow.

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

    def see(self, arrival: Arrival, received: Moment) -> None:
        """
        Take one envelope, which was received at *received*.
        """
        self.envelopes[arrival.channel] = self.envelopes.get(arrival.channel, 0) + 1
        try:
            envelope = Envelope.parse(arrival.envelope)
            if arrival.channel == STATUS:
                self._status = _status_of(envelope.payload)
            elif arrival.channel != RECORDING_STATE and isinstance(envelope.payload, dict):
                self._see_samples(arrival.channel, envelope, received)
                if envelope.timestamp_us is not None:
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
            count = self._series[key]["samples"] if key in self._series else 0
            self._seen[key] = received
            self._series[key] = {
                "timestamp_us": stamp_us,
                "value": value,
                "stable": newest.get("stable"),
                "confidence": newest.get("confidence"),
                "samples": count + len(samples),
            }


def _status_of(payload: object) -> str:
    """
    Read a status; the vendor's form is not public.
    """
    return str(payload.get("value", "") if isinstance(payload, dict) else payload)
