"""What a camera says now, whatever a publisher makes up."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.collector.live_view import LiveView
from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.series.table import MAX_SERIES
from smartspectra.ipc.wire.envelope_parser import EnvelopeParser, is_typed
from tests.unit.ipc.making import START_US, envelope, sample
from vitalrig.clock import Moment

NOW = Moment(START_US, 0.0)


def edge_of(name, **more):
    return ReceivedEnvelope(
        "physiology", "edge_metrics", envelope("edge_metrics", {name: {"trace": [sample(**more)]}})
    )


def test_names_that_a_publisher_makes_up_are_forgotten():
    """
    The view has at most as many series as a session; the ones that are silent go first.
    """
    view = LiveView()
    for number in range(MAX_SERIES + 500):
        view.take([edge_of(f"made_up_{number}")], NOW)
        if number % 100 == 0:
            view.take([edge_of("eda")], NOW)
    series = view.document(NOW)["series"]

    assert MAX_SERIES == len(series)
    assert ("edge_metrics/eda.trace", 16) in [(name, of["samples"]) for name, of in series.items()]
    assert "edge_metrics/made_up_0.trace" not in series


def test_channels_that_a_publisher_makes_up_are_counted_together():
    """
    A channel that nobody knows is not a reason to remember its name.
    """
    view = LiveView()
    for number in range(500):
        view.take(
            [ReceivedEnvelope("physiology", f"made_up_{number}", envelope("made_up", {}))], NOW
        )

    assert {"other": 500} == view.document(NOW)["envelopes"]


def test_a_confidence_that_is_no_number_is_none():
    """
    One odd field costs itself, not the camera's place on the page.
    """
    view = LiveView()
    view.take([edge_of("eda", confidence="high")], NOW)
    view.take([edge_of("pulse", confidence="NaN")], NOW)

    found = view.document(NOW)["series"]
    assert [None, None] == [of["confidence"] for of in found.values()]


def test_what_no_encoding_has_can_be_reported():
    """
    Half a surrogate pair in a name or a status stays an escape.
    """
    view = LiveView()
    view.take([edge_of("e\ud800da")], NOW)
    status = b'{"type":"status","payload":"O\\ud800K"}'
    view.take([ReceivedEnvelope("physiology", "status", status)], NOW)

    assert json.dumps(view.document(NOW)).encode()
    assert START_US == next(iter(view.document(NOW)["series"].values()))["timestamp_us"]


samples = st.fixed_dictionaries(
    {"timestamp": st.integers(START_US - 9, START_US + 9).map(str)},
    optional={
        "value": st.floats(-1, 1) | st.integers(-9, 9) | st.sampled_from(["0.5", "inf", None]),
        "detected": st.booleans(),
        "stable": st.booleans() | st.none() | st.just("true"),
        "confidence": st.floats(0, 1) | st.text(max_size=2),
    },
)
payloads = st.dictionaries(
    st.sampled_from(["pulse", "face"]),
    st.dictionaries(st.sampled_from(["trace", "blinking"]), st.lists(samples, max_size=3))
    | st.dictionaries(st.just("strict"), st.fixed_dictionaries({"value": st.floats(-1, 1)})),
)
arrivals = st.builds(
    lambda channel, kind, payload: ReceivedEnvelope("camera", channel, envelope(kind, payload)),
    st.sampled_from(["core_metrics", "edge_metrics", "edge_metrics"]),
    st.sampled_from(["core_metrics", "edge_metrics", "edge_metrics"]),
    payloads,
)


@given(st.lists(arrivals, max_size=12), st.booleans(), st.booleans())
def test_what_is_shown_and_counted_does_not_depend_on_who_parsed_it(some, counted, shown):
    """
    Envelopes that were read by their form give the document that dictionaries give.
    """
    parser, views = EnvelopeParser(), (LiveView(), LiveView())
    for _ in range(2):
        read = [replace(each, parsed=parser.parse(each.envelope)) for each in some]
        views[0].take(read, NOW, counted=counted, shown=shown)
        views[1].take(some, NOW, counted=counted, shown=shown)

    expected, found = (view.document(NOW) for view in views)
    assert expected == found
    assert _texts(expected) == _texts(found)


def _texts(document):
    """Texts tell a number from a truth value."""
    return {name: str(newest) for name, newest in document["series"].items()}


def test_a_view_takes_what_is_read_by_its_form():
    """
    Then it makes no dictionaries, and looks at each series once a batch.
    """
    pytest.importorskip("msgspec")
    parser, view = EnvelopeParser(), LiveView()
    read = []
    for value in (0.25, 0.5, 0.75):
        arrival = edge_of("eda", value=value)
        read.append(replace(arrival, parsed=parser.parse(arrival.envelope)))
    view.take(read, NOW)
    series = view.document(NOW)["series"]["edge_metrics/eda.trace"]

    assert [False, True, True] == [is_typed(each.parsed) for each in read]
    assert (0.75, 3) == (series["value"], series["samples"])
