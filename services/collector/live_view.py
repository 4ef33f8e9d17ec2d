"""What a camera says now: the newest sample of each series, for the exporter."""

import math
from typing import Any, NamedTuple, cast

from services.collector.payload_layout import PayloadLayout, SampleLists
from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.series.table import MAX_SERIES
from smartspectra.ipc.wire.channels import KINDS, RECORDING_STATE, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, timestamp_us
from smartspectra.ipc.wire.measurements import (
    sample_timestamp_us,
    sample_value,
)
from vitalrig.clock import Moment
from vitalrig.metrics.latency import LatencyHistogram
from vitalrig.metrics.validate import OTHER

_WITHOUT_SAMPLES = frozenset({STATUS, RECORDING_STATE})
_LEAST_US, _MOST_US = 10**14, 10**17
"""Between these a stamp is in microseconds; see `timestamp_us`."""


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
        self.latencies = LatencyHistogram()
        self._layouts: dict[str, PayloadLayout] = {}
        self._newest: dict[str, _Newest] = {}
        self._samples: dict[str, int] = {}
        self._status = ""

    def update(
        self, arrival: ReceivedEnvelope, received: Moment, *, is_prompt: bool = True
    ) -> None:
        """
        Take one envelope, which was received at *received*; a while ago if not *is_prompt*.
        """
        document = self._count(arrival)
        if document is None:
            return
        lists = self._lists_of(arrival, document)
        if lists is None:
            self._show_other(arrival, document)
            return
        stamp_us = _stamp_of(document)
        for name, samples in lists:
            self._count_samples(name, len(samples))
            self._show(name, samples, stamp_us, received)
        if stamp_us is not None and is_prompt:
            self.latencies.see(stamp_us, received.wall_us)

    def show(self, arrival: ReceivedEnvelope, received: Moment) -> None:
        """
        Show one envelope, received at *received*, that `count` is given later.
        """
        try:
            document = _document_of(arrival)
        except BadEnvelope:
            return
        lists = self._lists_of(arrival, document)
        if lists is None:
            self._show_other(arrival, document)
            return
        for name, samples in lists:
            self._show(name, samples, _stamp_of(document), received)

    def count(self, arrival: ReceivedEnvelope) -> None:
        """
        Count one envelope that was shown before, or is older than what is shown.
        """
        document = self._count(arrival)
        if document is not None:
            for name, samples in self._lists_of(arrival, document) or ():
                self._count_samples(name, len(samples))

    def document(self, now: Moment) -> dict[str, Any]:
        """
        Everything, JSON-ready, with the age that each sample has at *now*.
        """
        return {
            "status": self._status,
            "series": {
                name: newest.document(self._samples.get(name, 0), now)
                for name, newest in self._newest.items()
            },
            "envelopes": self.envelopes,
            "rejected": self.rejected,
            "latency": self.latencies.document(),
        }

    def _count(self, arrival: ReceivedEnvelope) -> dict[str, Any] | None:
        channel = arrival.channel if arrival.channel in KINDS else OTHER
        self.envelopes[channel] = self.envelopes.get(channel, 0) + 1
        try:
            return _document_of(arrival)
        except BadEnvelope as exc:
            self.rejected[exc.reason] = self.rejected.get(exc.reason, 0) + 1
            return None

    def _count_samples(self, name: str, number: int) -> None:
        if name in self._samples or len(self._samples) < MAX_SERIES:
            self._samples[name] = self._samples.get(name, 0) + number

    def _lists_of(self, arrival: ReceivedEnvelope, document: dict[str, Any]) -> SampleLists | None:
        """The envelope's samples; None if it is of another kind."""
        channel, payload = arrival.channel, document.get("payload")
        if channel in _WITHOUT_SAMPLES or not isinstance(payload, dict):
            return None
        layout = self._layouts.get(channel)
        if layout is None:
            layout = PayloadLayout(channel)
            if len(self._layouts) < len(KINDS):
                self._layouts[channel] = layout
        return layout.lists_of(payload)

    def _show_other(self, arrival: ReceivedEnvelope, document: dict[str, Any]) -> None:
        if arrival.channel == STATUS:
            self._status = _status_of(document.get("payload"))

    def _show(
        self, name: str, samples: list[dict[str, Any]], stamp_us: int | None, received: Moment
    ) -> None:
        newest = _Newest(samples[-1], stamp_us, received)
        if not newest.is_usable():
            return
        self._newest.pop(name, None)
        self._newest[name] = newest  # at the end, as the newest
        if len(self._newest) > MAX_SERIES:
            silent = next(iter(self._newest))
            del self._newest[silent]
            self._samples.pop(silent, None)


class _Newest(NamedTuple):
    """A series' newest sample, as it came."""

    sample: dict[str, Any]
    envelope_us: int | None
    received: Moment

    def is_usable(self) -> bool:
        """Whether it has a value and a time."""
        value = self.sample.get("value")
        if type(value) is float and -math.inf < value < math.inf and self.envelope_us is not None:
            return True
        return sample_value(self.sample) is not None and bool(self._stamp_us())

    def _stamp_us(self) -> float | None:
        return sample_timestamp_us(self.sample) or self.envelope_us

    def document(self, count: int, now: Moment) -> dict[str, Any]:
        stamp_us = self._stamp_us() or 0
        return {
            "timestamp_us": stamp_us,
            "value": sample_value(self.sample),
            "stable": self.sample.get("stable"),
            "confidence": sample_value({"value": self.sample.get("confidence")}),
            "samples": count,
            "age_s": self.received.age_s(stamp_us, now),
        }


def _document_of(arrival: ReceivedEnvelope) -> dict[str, Any]:
    """
    The envelope as a document that `Envelope.of` understands.

    Raises:
        BadEnvelope: If it is none.
    """
    document = arrival.document()
    usual = (
        type(document) is dict
        and type(document.get("type")) is str
        and type(document.get("payload")) is dict
    )
    if not usual:
        Envelope.of(document)
    return cast("dict[str, Any]", document)


def _stamp_of(document: dict[str, Any]) -> int | None:
    stamp = document.get("timestamp")
    if type(stamp) is int and _LEAST_US < stamp < _MOST_US:
        return stamp
    return timestamp_us(stamp)


def _status_of(payload: object) -> str:
    """
    Read a status; the vendor's form is not public.
    """
    return str(payload.get("value", "") if isinstance(payload, dict) else payload)
