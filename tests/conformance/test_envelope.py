"""The envelope, the same on Redis and in files, and the JSON in it."""

import itertools
import json
import re

import numpy as np
import pytest

from tests.support.conformance import BACKENDS

METRICS = ["core_metrics", "edge_metrics"]
KINDS = [*METRICS, "status", "recording_state"]
# The order of the schema's field numbers.
ORDERS = {
    "Measurement": ("time", "value", "stable", "timestamp"),
    "MeasurementWithConfidence": ("time", "value", "stable", "confidence", "timestamp"),
    "DetectionStatus": ("time", "detected", "stable", "timestamp"),
}
EACH_KIND = pytest.mark.parametrize("kind", KINDS)
EACH_METRIC = pytest.mark.parametrize("kind", METRICS)


def objects(node):
    """Every object within *node*."""
    if isinstance(node, dict):
        yield node
        for part in node.values():
            yield from objects(part)
    elif isinstance(node, list):
        for part in node:
            yield from objects(part)


def samples(run, kind):
    for message in run.messages(kind):
        yield from (each for each in objects(message.payload) if "stable" in each)


@EACH_KIND
def test_an_envelope_has_exactly_three_keys_in_their_order(envelopes, kind):
    """
    type, timestamp, payload.
    """
    keys = {tuple(json.loads(line)) for line in envelopes.lines[kind]}

    assert {("type", "timestamp", "payload")} == keys


@EACH_KIND
def test_an_envelope_begins_with_its_type_and_a_bare_number(envelopes, kind):
    """
    Byte for byte as in the vendor's examples, without a space.
    """
    beginning = re.compile(rb'\{"type":"%b","timestamp":[0-9]{16},"payload":\{' % kind.encode())

    assert [] == [line for line in envelopes.lines[kind] if not beginning.match(line)]


@EACH_KIND
def test_an_envelope_is_one_compact_line(envelopes, kind):
    """
    To take it apart and write it in the compact form changes nothing but how numbers are written.
    """
    compact = [
        json.dumps(json.loads(line), separators=(",", ":"), ensure_ascii=False)
        for line in envelopes.lines[kind]
    ]

    assert [len(re.sub("[0-9.e-]+", "#", text)) for text in compact] == [
        len(re.sub("[0-9.e-]+", "#", line.decode())) for line in envelopes.lines[kind]
    ]


@EACH_METRIC
def test_a_sample_has_its_fields_in_the_order_of_their_numbers(envelopes, kind):
    """
    As in the vendor's sample: time, value, stable, timestamp.
    """
    found = {tuple(sample) for sample in samples(envelopes, kind)}

    assert found <= set(ORDERS.values())
    assert {ORDERS["Measurement"], ORDERS["DetectionStatus"]} <= found


@EACH_METRIC
def test_whole_numbers_of_64_bits_are_texts(envelopes, kind):
    """
    As protobuf's JSON has them.
    """
    stamps = {
        each[key]
        for message in envelopes.messages(kind)
        for each in objects(message.payload)
        for key in ("timestamp", "frame_timestamp")
        if key in each
    }

    assert {str} == set(map(type, stamps))
    assert all(stamp.isdigit() for stamp in stamps)


@EACH_METRIC
@pytest.mark.parametrize("field", ["time", "value", "confidence"])
def test_a_number_is_the_shortest_of_32_bits(envelopes, kind, field):
    """
    As protobuf's JSON writes floats: 0.033333335 and not 0.03333333507180214.
    """
    found = {each[field] for each in samples(envelopes, kind) if field in each}

    assert [] == [number for number in found if float(str(np.float32(number))) != number]


@EACH_METRIC
def test_names_are_in_snake_case(envelopes, kind):
    """
    Not in protobuf's usual camelCase.
    """
    names = {
        name
        for message in envelopes.messages(kind)
        for each in objects(message.payload)
        for name in each
    }

    assert [] == [name for name in names if not re.fullmatch("[a-z]+(_[a-z]+)*", name)]


def blank(node):
    """*node* without what depends on the wall clock or the backend, and without zeros."""
    if isinstance(node, dict):
        return {
            key: blank(part)
            for key, part in node.items()
            if key not in ("timestamp", "upload_timestamp", "sent_at_s", "source")
            and not (part is False or part == 0)
        }
    return [blank(part) for part in node] if isinstance(node, list) else node


@EACH_METRIC
@pytest.mark.parametrize(
    ("one", "other"), list(itertools.pairwise(BACKENDS)), ids=["grpc and file", "file and redis"]
)
def test_all_backends_say_the_same(asked, runs, kind, one, other):
    """
    The same frames give the same numbers, whichever way they go out.
    """
    first, second = (
        [blank(message.payload) for message in runs(asked, backend).messages(kind)]
        for backend in (one, other)
    )

    assert first == second
