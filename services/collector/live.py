"""What a camera says now: the newest sample of each series, for the exporter."""

import contextlib
from collections.abc import Iterable
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
        self._samples: dict[str, int] = {}
        self._seen: dict[str, Moment] = {}
        self._status = ""

    def see(self, arrival: Arrival, received: Moment, *, is_prompt: bool = True) -> None:
        """
        Take one envelope, which was received at *received*; a while ago if not *is_prompt*.
        """
        envelope = self._count(arrival)
        if envelope is None:
            return
        if arrival.channel == STATUS:
            self._status = _status_of(envelope.payload)
        elif _has_samples(arrival, envelope):
            for key, samples in _samples_of(arrival, envelope):
                self._count_samples(key, samples)
                self._show_newest(key, samples, envelope, received)
            if envelope.timestamp_us is not None and is_prompt:
                self.latencies.see(envelope.timestamp_us, received.wall_us)

    def show(self, arrival: Arrival, received: Moment) -> None:
        """
        Show one envelope, received at *received*, that `count` is given later.
        """
        with contextlib.suppress(BadEnvelope):
            envelope = Envelope.parse(arrival.envelope)
            if arrival.channel == STATUS:
                self._status = _status_of(envelope.payload)
            elif _has_samples(arrival, envelope):
                for key, samples in _samples_of(arrival, envelope):
                    self._show_newest(key, samples, envelope, received)

    def count(self, arrival: Arrival) -> None:
        """
        Count one envelope that was shown before, or is older than what is shown.
        """
        envelope = self._count(arrival)
        if envelope is not None and _has_samples(arrival, envelope):
            for key, samples in _samples_of(arrival, envelope):
                self._count_samples(key, samples)

    def _count(self, arrival: Arrival) -> Envelope | None:
        channel = arrival.channel if arrival.channel in KINDS else OTHER
        self.envelopes[channel] = self.envelopes.get(channel, 0) + 1
        try:
            return Envelope.parse(arrival.envelope)
        except BadEnvelope as exc:
            self.rejected[exc.reason] = self.rejected.get(exc.reason, 0) + 1
            return None

    def _count_samples(self, key: str, samples: list[dict[str, Any]]) -> None:
        self._samples[key] = self._samples.pop(key, 0) + len(samples)
        if len(self._samples) > MAX_SERIES:
            del self._samples[next(iter(self._samples))]

    def document(self, now: Moment) -> dict[str, Any]:
        """
        Everything, JSON-ready, with the age that each sample has at *now*.
        """
        series = {
            key: {
                **sample,
                "samples": self._samples.get(key, 0),
                "age_s": self._seen[key].age_s(sample["timestamp_us"], now),
            }
            for key, sample in self._series.items()
        }
        return {
            "status": self._status,
            "series": series,
            "envelopes": self.envelopes,
            "rejected": self.rejected,
            "latency": self.latencies.document(),
        }

    def _show_newest(
        self, key: str, samples: list[dict[str, Any]], envelope: Envelope, received: Moment
    ) -> None:
        newest = samples[-1]
        value = _coerce_sample_value(newest)
        stamp_us = _coerce_sample_timestamp(newest) or envelope.timestamp_us
        if value is None or stamp_us is None:
            return
        self._series.pop(key, None)
        self._series[key] = {  # at the end, as the newest
            "timestamp_us": stamp_us,
            "value": value,
            "stable": newest.get("stable"),
            "confidence": _coerce_sample_value({"value": newest.get("confidence")}),
        }
        self._seen[key] = received
        if len(self._series) > MAX_SERIES:
            silent = next(iter(self._series))
            del self._series[silent], self._seen[silent]


def _has_samples(arrival: Arrival, envelope: Envelope) -> bool:
    return arrival.channel not in {STATUS, RECORDING_STATE} and isinstance(envelope.payload, dict)


def _samples_of(arrival: Arrival, envelope: Envelope) -> Iterable[tuple[str, list[dict[str, Any]]]]:
    for name, samples in _extract_measurement_lists(envelope.payload):
        yield f"{arrival.channel}/{name}", samples


def _status_of(payload: object) -> str:
    """
    Read a status; the vendor's form is not public.
    """
    return str(payload.get("value", "") if isinstance(payload, dict) else payload)
