"""
Envelopes straight into typed values, where msgspec is installed and their form is known.

Envelopes of one server have the same few forms. Once one was understood the long way, a decoder is
made for its form, which gives numbers instead of a tree of dictionaries and refuses everything
else. What it refuses goes the long way again.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, groupby
from typing import Annotated, Any, Literal, NamedTuple

from smartspectra.ipc.wire.channels import METRIC_KINDS
from smartspectra.ipc.wire.codec import codec, msgspec_module, too_deep_among
from smartspectra.ipc.wire.envelope import timestamp_us
from smartspectra.ipc.wire.measurements import (
    LATEST_STAMP_US,
    sample_value,
    skipped,
    snake_case,
)

Form = Literal["values", "detections", "single", "mark", "ignored"]
"""
What is at a place: samples, detections, one value that has its envelope's time, what a payload
says of its source, or nothing that is measured.
"""

Place = tuple[str, str, str]
"""A kind of envelope, a key of its payload, and one below that; empty if the form is of the key."""

MARKS = frozenset({"metadata", "source"})

_MOST_PLACES = 256
_MOST_LESSONS = 64
"""A publisher that makes up names must not keep us making decoders."""

_SAMPLE_KEYS = frozenset({"value", "detected"})
"""What has one of these is a sample itself, rather than a group of series."""

_SINGLE_KEYS = frozenset({"value", "stable", "confidence"})

_envelope_types: tuple[type, ...] = ()


def is_typed(document: Any) -> bool:  # noqa: ANN401
    """Whether *document* came from a decoder made for its form; it is a dictionary otherwise."""
    return isinstance(document, _envelope_types)


def by_sort(documents: list[Any]) -> list[list[Any]]:
    """
    Divide documents into dictionaries and typed envelopes of one class, to be taken in this order.

    Envelopes of one kind stay in theirs.
    """
    classes = dict.fromkeys(map(type, documents))
    if len(classes) == 1:
        return [documents]
    if dict not in classes:
        return [[each for each in documents if type(each) is cls] for cls in classes]
    runs = (list(run) for _, run in groupby(documents, is_typed))
    return [part for run in runs for part in ([run] if type(run[0]) is dict else by_sort(run))]


class Leaf:
    """
    A place in payloads of one kind.

    Attributes:
        path: The keys that lead there.
        name: The name of the series there.
        form: What is there; None for a group of places.
        leaves: The places of a group.
    """

    __slots__ = ("form", "leaves", "name", "path")

    def __init__(
        self, path: tuple[str, ...], form: Form | None, leaves: Sequence["Leaf"] = ()
    ) -> None:
        self.path = path
        self.name = ".".join(map(snake_case, path))
        self.form = form
        self.leaves = leaves


class Reading(NamedTuple):
    """A value that has its envelope's time, as a sample."""

    timestamp: int
    value: float
    stable: Any
    confidence: Any


class Found(NamedTuple):
    """
    What is at one place of several envelopes, in their order.

    Attributes:
        leaf: The place.
        items: Marks as they came, or samples: each has a ``timestamp`` in whole microseconds, a
            finite ``value``, and ``stable`` and ``confidence``, whatever the payload says.
        last_at: Which envelope the last of them is of.
    """

    leaf: Leaf
    items: list[Any]
    last_at: int


def found_in(envelopes: Sequence[Any]) -> Iterator[Found]:
    """Find what typed envelopes of one class hold."""
    cls = type(envelopes[0])
    fields_of = cls.fields_of
    payloads = [envelope.payload for envelope in envelopes]
    for place, column in zip(cls.places, zip(*map(fields_of, payloads), strict=True), strict=True):
        at = [at for at, node in enumerate(column) if node is not None]
        if not at or place.form == "ignored":
            continue
        nodes = [column[each] for each in at] if len(at) < len(column) else column
        if place.form == "mark":
            yield Found(place, list(nodes), at[-1])
            continue
        for leaf, lists in zip(place.leaves, zip(*map(fields_of, nodes), strict=True), strict=True):
            items: list[Any] = []
            if leaf.form == "single":
                items = _readings([envelopes[each] for each in at], lists) if any(lists) else []
            elif leaf.form != "ignored":
                items = list(chain.from_iterable(filter(None, lists)))
            if items:
                last = len(lists) - 1
                while not lists[last]:
                    last -= 1
                yield Found(leaf, items, at[last])


def _readings(envelopes: Sequence[Any], singles: Sequence[Any]) -> list[Reading]:
    """Give each of the *singles* the time of its envelope."""
    return [
        Reading(stamp_us, single.value, single.stable, single.confidence)
        for envelope, single in zip(envelopes, singles, strict=True)
        if single is not None and (stamp_us := timestamp_us(envelope.timestamp)) is not None
    ]


class EnvelopeParser:
    """
    Decodes envelopes of forms that it has learned.

    A typed envelope has a ``timestamp`` and a ``payload``; its class has its ``kind`` and the
    ``places`` of its payloads. Its samples have possible times and finite values.
    """

    def __init__(self, *, is_learning: bool = True) -> None:
        self._forms: dict[Place, Form] = {}
        self._lessons_left = _MOST_LESSONS if is_learning else 0
        self._decode: Callable[[bytes], Any] | None = None

    def parse_all(self, messages: Sequence[Any]) -> list[Any] | None:
        """Decode envelopes, each in bytes; None if one of them is something else."""
        spec = msgspec_module()
        if self._decode is None or spec is None:
            return None
        try:
            # What a decoder skips it does not look at as closely as other readers do.
            if not all(map(bytes.isascii, messages)) or too_deep_among(messages):
                return None
            return list(map(self._decode, messages))
        except (spec.MsgspecError, RecursionError, TypeError):
            return None

    def parse(self, message: bytes) -> Any:  # noqa: ANN401
        """
        Give one message's JSON, typed if it is an envelope of a known form; learn its form if not.

        Raises:
            ValueError: If it is not JSON.
            RecursionError: If it is nested beyond reason.
        """
        typed = self.parse_all((message,))
        if typed is not None:
            return typed[0]
        document = codec().loads(message)
        if self._lessons_left and msgspec_module() is not None:
            self._learn(document)
        return document

    def _learn(self, document: Any) -> None:  # noqa: ANN401
        found = _forms_in(document)
        if found is None or found.items() <= self._forms.items():
            return
        self._lessons_left -= 1
        forms = self._forms | found
        series = {tuple(map(snake_case, place)) for place in forms}
        if len(series) < len(forms) or len(forms) > _MOST_PLACES:
            return  # two places of one series: which sample came first would be lost
        try:
            self._decode = _decoder_of(frozenset(forms.items()))
        except ValueError:
            return  # a key that msgspec cannot look for
        self._forms = forms


def _forms_in(document: Any) -> dict[Place, Form] | None:  # noqa: ANN401
    """What is where in an envelope with metrics; None if keys do not tell what is measured."""
    match document:
        case {"type": str(kind), "payload": dict(payload)} if kind in METRIC_KINDS:
            forms = dict[Place, Form]()
        case _:
            return None
    for key, node in payload.items():
        if key in MARKS:
            forms[kind, key, ""] = "mark"
        elif skipped(key, ()):
            forms[kind, key, ""] = "ignored"
        elif type(node) is not dict or not node or not _SAMPLE_KEYS.isdisjoint(node):
            return None
        else:
            for leaf, samples in node.items():
                form: Form | None = "ignored" if skipped(leaf, (key,)) else _form_of(samples)
                if form is None or not leaf:
                    return None
                forms[kind, key, leaf] = form
    return forms


def _form_of(samples: Any) -> Form | None:  # noqa: ANN401
    if type(samples) is dict:
        return "single" if "value" in samples and samples.keys() <= _SINGLE_KEYS else None
    if type(samples) is not list:
        return None
    keys = {key for sample in samples if type(sample) is dict for key in sample}
    return "detections" if "detected" in keys and "value" not in keys else "values"


@lru_cache(maxsize=128)
def _decoder_of(forms: frozenset[tuple[Place, Form]]) -> Callable[[bytes], Any]:
    """
    Make the decoder for these places; cameras that send the same share it.

    Raises:
        ValueError: If a key is none that it can look for.
    """
    spec: Any = msgspec_module()
    types = _types_of_forms(spec)
    tree: dict[str, dict[str, dict[str, Form]]] = {}
    for (kind, key, leaf), form in sorted(forms):
        tree.setdefault(kind, {}).setdefault(key, {})[leaf] = form

    def struct(fields: dict[str, Any]) -> Any:  # noqa: ANN401
        """Make a struct with these keys, none of which must be there, and no others may be."""
        names = {f"f{number}": key for number, key in enumerate(fields)}
        return spec.defstruct(
            "Fields",
            [(name, fields[key], None) for name, key in names.items()],
            rename=names,
            forbid_unknown_fields=True,
            gc=False,
        )

    envelopes = []
    for kind, groups in tree.items():
        fields: dict[str, Any] = {}
        places: list[Leaf] = []
        for key, leaves in groups.items():
            if "" in leaves:
                fields[key] = types[leaves[""]]
                places.append(Leaf((key,), leaves[""]))
            else:
                fields[key] = struct({leaf: types[form] for leaf, form in leaves.items()})
                below = [Leaf((key, leaf), form) for leaf, form in leaves.items()]
                places.append(Leaf((key,), None, below))
        about = {"kind": kind, "places": places, "fields_of": staticmethod(spec.structs.astuple)}
        envelopes.append(
            spec.defstruct(
                "TypedEnvelope",
                [("payload", struct(fields)), ("timestamp", types["stamp"])],
                bases=_envelope_types,
                namespace=about,
                tag_field="type",
                tag=kind,
                gc=False,
            )
        )
    either = envelopes[0] if len(envelopes) == 1 else envelopes[0] | envelopes[1]
    decoder = spec.json.Decoder(either, strict=False, dec_hook=_detected)
    decode: Callable[[bytes], Any] = decoder.decode
    return decode


class _Detected(float):
    """Whether something was detected, as a number."""


def _detected(_: type, found: Any) -> _Detected:  # noqa: ANN401
    value = sample_value({"detected": found})
    if value is None:
        raise ValueError("neither detected nor not")
    return _Detected(value)


@lru_cache(maxsize=1)
def _types_of_forms(spec: Any) -> dict[str, Any]:  # noqa: ANN401
    """
    Give the type of what is at a place of each form, and that of an envelope's stamp.

    They take what the long way takes, text that is a number for one, and leave to it what is not
    plain: a sample without a time of its own, or with one that is not possible.
    """
    global _envelope_types  # noqa: PLW0603
    if not _envelope_types:
        _envelope_types = (spec.defstruct("TypedEnvelopeBase", [], gc=False),)
    stamp = Annotated[int, spec.Meta(gt=0, le=LATEST_STAMP_US)]
    largest = sys.float_info.max
    finite = Annotated[float, spec.Meta(ge=-largest, le=largest)]
    said = [("stable", Any, None), ("confidence", Any, None)]
    sample = spec.defstruct("Sample", [("timestamp", stamp), ("value", finite), *said], gc=False)
    detection = spec.defstruct(
        "Detection",
        [("timestamp", stamp), ("value", _Detected), *said, ("time", Any, None)],
        rename={"value": "detected"},
        forbid_unknown_fields=True,
        gc=False,
    )
    single = spec.defstruct(
        "Single", [("value", finite), *said], forbid_unknown_fields=True, gc=False
    )
    return {
        "values": list[sample],  # type: ignore[valid-type]
        "detections": list[detection],  # type: ignore[valid-type]
        "single": single,
        "mark": Any,
        "ignored": spec.Raw,
        "stamp": Annotated[int, spec.Meta(gt=0)],
    }
