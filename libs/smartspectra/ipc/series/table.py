"""From envelopes to series: what one session has measured."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from typing import Any

from smartspectra.ipc.series.chunk_store import ChunkStore, MemoryStore
from smartspectra.ipc.series.provenance import Provenance
from smartspectra.ipc.series.series import Series
from smartspectra.ipc.storage.options import UNDERSTAND_BYTES
from smartspectra.ipc.wire.channels import METRIC_KINDS, Channels
from smartspectra.ipc.wire.envelope import timestamp_us
from smartspectra.ipc.wire.envelope_parser import Leaf, by_sort, found_in, is_typed
from smartspectra.ipc.wire.measurements import (
    has_time_fields,
    is_sample,
    measurement_lists,
    sample_timestamp_us,
    sample_value,
    skipped,
    snake_case,
)

MAX_SERIES = 1024
"""Series of one session; a publisher that makes up names must not fill the memory."""

_MARKS = frozenset({"metadata", "source"})

_type_of = itemgetter("type")

Document = Any
"""An envelope: a dictionary, or typed by an :class:`EnvelopeParser`."""

Path = tuple[str, ...]
Taker = Callable[[list[Any]], None]


class SeriesTable:
    """
    All series of one session, by channel and name.

    Envelopes are taken in and understood later, many at a time, when there are enough
    of them or someone looks: samples of the same series then go through the same few
    calls together.

    Args:
        channels: The channels' names.
        new_store: Makes the place for a new series' chunks.
        limit: Samples kept of each series; 0 = all.
        understand_bytes: How long envelopes may be, all together, that wait to be understood.
    """

    def __init__(
        self,
        channels: Channels,
        new_store: Callable[[], ChunkStore],
        limit: int = 0,
        understand_bytes: int = UNDERSTAND_BYTES,
    ) -> None:
        self._understand_bytes = understand_bytes
        self._channels = channels
        self._new_store = new_store
        self._limit = limit
        self._series: dict[str, dict[str, Series]] = {}
        self._overflow = Series(MemoryStore(limit=1), limit=1)
        self._waiting: list[Document] = []
        self._waiting_bytes = 0
        self._series_at: dict[Leaf, Series] = {}
        self._routers: dict[str, _SeriesRouter] = {
            kind: _SeriesRouter(channels.of(kind), self.series, self._overflow)
            for kind in METRIC_KINDS
        }
        self._counts: Counter[str] = Counter()
        self.provenance = Provenance()

    def add(self, documents: list[Document], size_bytes: int) -> None:
        """
        Take envelopes whose type is text and whose payload is an object.

        Args:
            documents: The envelopes, parsed.
            size_bytes: How long they were before; long ones do not wait for others.
        """
        self._waiting += documents
        self._waiting_bytes += size_bytes
        if self._waiting_bytes >= self._understand_bytes:
            self.flush()

    def count(self, document: Document) -> None:
        """Count an envelope, and see its source, without taking its samples."""
        self._counts[document["type"]] += 1
        self._note_provenance(document)

    def _note_provenance(self, document: Document) -> None:
        payload = document.get("payload")
        if isinstance(payload, dict):
            for key in _MARKS & payload.keys():
                self.provenance.update(key, payload[key])

    def flush(self) -> None:
        """Understand what was taken."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for run in by_sort(waiting):
            if is_typed(run[0]):
                self._take_typed(run)
            else:
                self._take_dictionaries(run)

    def _take_dictionaries(self, documents: list[dict[str, Any]]) -> None:
        self._counts.update(map(_type_of, documents))
        for kind, router in self._routers.items():
            router.take([each for each in documents if each["type"] == kind], self.provenance)
        for each in documents:
            if each["type"] not in self._routers:
                self._note_provenance(each)

    def _take_typed(self, envelopes: list[Any]) -> None:
        """Understand typed envelopes of one class."""
        kind = envelopes[0].kind
        self._counts[kind] += len(envelopes)
        for leaf, found, _ in found_in(envelopes):
            if leaf.form == "mark":
                for mark in found:
                    self.provenance.update(leaf.path[0], mark)
                continue
            series = self._series_at.get(leaf)
            if series is None:
                series = self.series(self._channels.of(kind), leaf.name)
                self._series_at[leaf] = series
            stamps = [sample.timestamp for sample in found]
            series.take(stamps, array("d", [sample.value for sample in found]))

    def series(self, channel: str, name: str) -> Series:
        """The series of that name, made if it is new."""
        of_channel = self._series.setdefault(channel, {})
        series = of_channel.get(name)
        if series is None:
            if sum(map(len, self._series.values())) >= MAX_SERIES:
                return self._overflow
            series = of_channel[name] = Series(self._new_store(), self._limit)
        return series

    def store(self, channel: str, name: str, stamp_us: float, value: float) -> None:
        """Take one sample, after all that was taken before."""
        self.flush()
        self.series(channel, name).store(round(stamp_us), value)

    @property
    def data(self) -> Mapping[str, Mapping[str, Series]]:
        """Every series that has samples, by channel and name."""
        self.flush()
        with_samples = {
            channel: {name: series for name, series in of_channel.items() if series.count}
            for channel, of_channel in self._series.items()
        }
        return {channel: of_channel for channel, of_channel in with_samples.items() if of_channel}

    @property
    def counts(self) -> Counter[str]:
        """Envelopes by type."""
        self.flush()
        return self._counts

    def all(self) -> Iterator[Series]:
        """Every series, flushed."""
        self.flush()
        for of_channel in self._series.values():
            yield from of_channel.values()

    def total(self, attribute: str) -> int:
        """The sum of one of the series' counters, ``duplicates`` for example."""
        return sum(getattr(series, attribute) for series in self.all())

    @property
    def refused(self) -> int:
        """Samples without a place, because there were too many names of series."""
        return self._overflow.count + self._overflow.duplicates


class _SeriesRouter:
    """
    What is known of one kind's payloads: which key leads to which series.

    The usual payload is ``{group: {leaf: [samples]}}``. Whatever is of another form,
    or new, is odd and goes the long way, by :func:`measurement_lists`.
    """

    def __init__(
        self, channel: str, series: Callable[[str, str], Series], overflow: Series
    ) -> None:
        self._channel = channel
        self._series = series
        self._overflow = overflow
        self._takers: dict[str, dict[str, Taker]] = {}
        self._known: dict[Path, tuple[Series, Path]] = {}

    def take(self, documents: list[Document], provenance: Provenance) -> None:
        odd = self._sort(documents, provenance)
        if odd:
            # The same series may be there under other spellings, and order matters.
            odd_names = {_canonical(path) for path in odd}
            for path, (series, name) in self._known.items():
                if name in odd_names or name[:1] in odd_names:
                    series.pending.clear()
                    odd[path] = None
        for series, _ in self._known.values():
            if series.pending and not series.take_pending():
                odd |= {path: None for path, (same, _) in self._known.items() if same is series}
        if odd:
            self._take_odd(documents, odd)

    def _sort(self, documents: list[Document], provenance: Provenance) -> dict[Path, None]:
        """Hand samples to their series; gives the paths that must go the long way."""
        takers = self._takers
        odd: dict[Path, None] = {}
        for document in documents:
            for key, node in document["payload"].items():
                leaves = takers.get(key)
                if leaves is None or type(node) is not dict:
                    if key in _MARKS:
                        provenance.update(key, node)
                    else:
                        odd[(key,)] = None
                    continue
                for leaf, samples in node.items():
                    take = leaves.get(leaf)
                    if take is None or type(samples) is not list:
                        odd[(key,) if is_sample(node) else (key, leaf)] = None
                    else:
                        take(samples)
        return odd

    def _take_odd(self, documents: list[Document], odd: dict[Path, None]) -> None:
        leaves_of: dict[str, set[str]] = {}
        for key, *leaf in odd:
            leaves_of.setdefault(key, set()).update(leaf)
        for document in documents:
            for key, node in document["payload"].items():
                leaves = leaves_of.get(key)
                if leaves is None:
                    continue
                if (key,) in odd:
                    self._take_node(node, (key,), document)
                elif type(node) is dict:
                    for leaf, child in node.items():
                        if leaf in leaves:
                            self._take_node(child, (key, leaf), document)

    def _take_node(self, node: Any, path: Path, document: Document) -> None:  # noqa: ANN401
        wrapped = node
        for key in reversed(path):
            wrapped = {key: wrapped}
        for name, samples in measurement_lists(wrapped):
            series = self._series(self._channel, name)
            for sample in samples:
                stamp, value = stamp_and_value(sample, document)
                if stamp is None or value is None:
                    series.unusable += 1
                else:
                    series.store(round(stamp), value)
        if len(path) > 1:
            self._learn(path[0], path[1], node)
        elif isinstance(node, dict) and not is_sample(node):
            for leaf, samples in node.items():
                self._learn(path[0], leaf, samples)

    def _learn(self, key: str, leaf: str, samples: Any) -> None:  # noqa: ANN401
        """Remember where lists of samples are, so that the next are quick."""
        leaves = self._takers.setdefault(key, {})
        if not isinstance(samples, list) or leaf in leaves:
            return
        if skipped(key, ()) or skipped(leaf, (key,)):
            leaves[leaf] = _ignore
            return
        name = _canonical((key, leaf))
        series = self._series(self._channel, ".".join(name))
        if series is not self._overflow:
            leaves[leaf] = series.pending.extend
            self._known[key, leaf] = (series, name)


def _canonical(path: Path) -> Path:
    return tuple(map(snake_case, path))


def _ignore(_samples: list[Any]) -> None:
    """Let landmarks and the like pass."""


def stamp_and_value(
    sample: dict[str, Any], document: Document
) -> tuple[float | None, float | None]:
    """
    When a sample was taken, in microseconds, and its value; None for what is missing.

    A sample without a time of its own has its envelope's.
    """
    value = sample_value(sample)
    if has_time_fields(sample):
        return sample_timestamp_us(sample), value
    return timestamp_us(document.get("timestamp")), value
