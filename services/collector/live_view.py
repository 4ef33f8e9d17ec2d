"""What a camera says now: the newest sample of each series, for the exporter."""

from collections.abc import Callable, Sequence
from itertools import compress, groupby
from typing import Any, NamedTuple, cast

from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.series.table import MAX_SERIES
from smartspectra.ipc.wire.channels import KINDS, RECORDING_STATE, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, timestamp_us
from smartspectra.ipc.wire.envelope_parser import found_in, is_typed
from smartspectra.ipc.wire.measurements import measurement_lists, sample_timestamp_us, sample_value
from vitalrig.clock import Moment
from vitalrig.metrics.latency import LatencyHistogram
from vitalrig.metrics.validate import OTHER

MOST_WAITING = 24
"""So many envelopes wait to be looked at together, or until somebody wants to know."""

_LEAST_US, _MOST_US = 10**14, 10**17
"""Between these a stamp is in microseconds; see `timestamp_us`."""

_WITHOUT_SAMPLES = frozenset({STATUS, RECORDING_STATE})


def _see_nothing(_status: str, _arrival: ReceivedEnvelope) -> None:
    pass


class LiveView:
    """
    Follows one camera's envelopes without keeping them.

    Its cost does not grow: of more series than a session may have, those that were silent longest
    are forgotten.

    Args:
        see_status: Told of each status, and with which envelope it came.

    Attributes:
        envelopes: How many arrived, by channel.
        rejected: How many could not be understood, by reason.
        latencies: How long those with metrics took from their stamp until they were received.
    """

    def __init__(self, see_status: Callable[[str, ReceivedEnvelope], None] = _see_nothing) -> None:
        self._see_status = see_status
        self.envelopes: dict[str, int] = {}
        self.rejected: dict[str, int] = {}
        self.latencies = LatencyHistogram()
        self._waiting: list[tuple[Any, _Reception]] = []
        self._newest: dict[str, _Newest] = {}
        self._samples: dict[str, int] = {}
        self._status = ""

    def take(
        self,
        arrivals: Sequence[ReceivedEnvelope],
        received: Moment,
        *,
        counted: bool = True,
        shown: bool = True,
        is_prompt: bool = True,
    ) -> None:
        """
        Take envelopes in order.

        Args:
            arrivals: The envelopes.
            received: When they were received.
            counted: Whether they are to be counted; if not, they will be given once more for that.
            shown: Whether their newest samples are; if not, they were, or newer ones are.
            is_prompt: Whether they were received now, rather than a while ago.
        """
        reception = _Reception(received, counted, shown, counted and shown and is_prompt)
        for typed, some in groupby(arrivals, _is_typed):
            if typed:
                self._waiting += [(arrival.parsed, reception) for arrival in some]
            else:
                self._understand()
                for arrival in some:
                    self._take_other(arrival, reception)
        if len(self._waiting) >= MOST_WAITING:
            self._understand()

    def document(self, now: Moment) -> dict[str, Any]:
        """
        Everything, JSON-ready, with the age that each sample has at *now*.
        """
        self._understand()
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

    def _understand(self) -> None:
        """Take what waits, all samples of a series together."""
        waiting, self._waiting = self._waiting, []
        for _, some in groupby(waiting, _way_of):
            envelopes, receptions = zip(*some, strict=True)
            for cls in dict.fromkeys(map(type, envelopes)):
                alike = [type(envelope) is cls for envelope in envelopes]
                self._take_typed(
                    list(compress(envelopes, alike)), list(compress(receptions, alike))
                )

    def _take_typed(self, envelopes: list[Any], receptions: list["_Reception"]) -> None:
        """Take envelopes of one class, which are to be counted and shown in one way."""
        kind, way = envelopes[0].kind, receptions[0]
        if way.counted:
            self.envelopes[kind] = self.envelopes.get(kind, 0) + len(envelopes)
        for leaf, found, last_at in found_in(envelopes):
            if leaf.form == "mark":
                continue
            name = f"{kind}/{leaf.name}"
            if way.counted:
                self._count_samples(name, len(found))
            if way.shown:
                last = found[-1]
                stamp_us = last.timestamp if leaf.form == "single" else float(last.timestamp)
                received = receptions[last_at].received
                self._show(
                    name, _Newest(stamp_us, last.value, last.stable, last.confidence, received)
                )
        for envelope, reception in zip(envelopes, receptions, strict=True):
            stamp = envelope.timestamp
            stamp_us = stamp if _LEAST_US < stamp < _MOST_US else timestamp_us(stamp)
            if reception.is_timed and stamp_us is not None:
                self.latencies.see(stamp_us, reception.received.wall_us)

    def _take_other(self, arrival: ReceivedEnvelope, reception: "_Reception") -> None:
        channel = arrival.channel if arrival.channel in KINDS else OTHER
        if reception.counted:
            self.envelopes[channel] = self.envelopes.get(channel, 0) + 1
        try:
            document = _document_of(arrival)
        except BadEnvelope as exc:
            if reception.counted:
                self.rejected[exc.reason] = self.rejected.get(exc.reason, 0) + 1
            return
        payload, stamp_us = document.get("payload"), timestamp_us(document.get("timestamp"))
        if arrival.channel in _WITHOUT_SAMPLES or not isinstance(payload, dict):
            if reception.shown and arrival.channel == STATUS:
                self._status = _status_of(payload)
                self._see_status(self._status, arrival)
            return
        for series, samples in measurement_lists(payload):
            name = f"{arrival.channel}/{series}"
            if reception.counted:
                self._count_samples(name, len(samples))
            newest = _Newest.of(samples[-1], stamp_us, reception.received)
            if reception.shown and newest is not None:
                self._show(name, newest)
        if reception.is_timed and stamp_us is not None:
            self.latencies.see(stamp_us, reception.received.wall_us)

    def _count_samples(self, name: str, number: int) -> None:
        if name in self._samples or len(self._samples) < MAX_SERIES:
            self._samples[name] = self._samples.get(name, 0) + number

    def _show(self, name: str, newest: "_Newest") -> None:
        self._newest.pop(name, None)
        self._newest[name] = newest  # at the end, as the newest
        if len(self._newest) > MAX_SERIES:
            silent = next(iter(self._newest))
            del self._newest[silent]
            self._samples.pop(silent, None)


class _Reception(NamedTuple):
    """When envelopes were received, and what is to be done with them."""

    received: Moment
    counted: bool
    shown: bool
    is_timed: bool


class _Newest(NamedTuple):
    """A series' newest sample."""

    stamp_us: float
    value: float
    stable: Any
    confidence: Any
    received: Moment

    @classmethod
    def of(
        cls, sample: dict[str, Any], envelope_us: int | None, received: Moment
    ) -> "_Newest | None":
        """Understand a sample; None if it lacks a value or a time."""
        value, stamp_us = sample_value(sample), sample_timestamp_us(sample) or envelope_us
        if value is None or not stamp_us:
            return None
        return cls(stamp_us, value, sample.get("stable"), sample.get("confidence"), received)

    def document(self, count: int, now: Moment) -> dict[str, Any]:
        return {
            "timestamp_us": self.stamp_us,
            "value": self.value,
            "stable": self.stable,
            "confidence": sample_value({"value": self.confidence}),
            "samples": count,
            "age_s": self.received.age_s(self.stamp_us, now),
        }


def _way_of(waiting: tuple[Any, _Reception]) -> tuple[bool, bool]:
    _, reception = waiting
    return reception.counted, reception.shown


def _is_typed(arrival: ReceivedEnvelope) -> bool:
    """Whether it was read into typed values, and says its channel rightly."""
    return is_typed(arrival.parsed) and arrival.parsed.kind == arrival.channel


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


def _status_of(payload: object) -> str:
    """
    Read a status; the vendor's form is not public.
    """
    return str(payload.get("value", "") if isinstance(payload, dict) else payload)
