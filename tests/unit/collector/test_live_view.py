"""What a camera says now, whatever a publisher makes up."""

import json

from services.collector.live_view import LiveView
from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.series.table import MAX_SERIES
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
        view.update(edge_of(f"made_up_{number}"), NOW)
        if number % 100 == 0:
            view.update(edge_of("eda"), NOW)
    series = view.document(NOW)["series"]

    assert MAX_SERIES == len(series)
    assert ("edge_metrics/eda.trace", 16) in [(name, of["samples"]) for name, of in series.items()]
    assert "edge_metrics/made_up_0.trace" not in series


def test_channels_that_a_publisher_makes_up_are_counted_together():
    """
    A channel that nobody knows is no reason to remember its name.
    """
    view = LiveView()
    for number in range(500):
        view.update(
            ReceivedEnvelope("physiology", f"made_up_{number}", envelope("made_up", {})), NOW
        )

    assert {"other": 500} == view.document(NOW)["envelopes"]


def test_a_confidence_that_is_no_number_is_none():
    """
    One odd field costs itself, not the camera's place on the page.
    """
    view = LiveView()
    view.update(edge_of("eda", confidence="high"), NOW)
    view.update(edge_of("pulse", confidence="NaN"), NOW)

    found = view.document(NOW)["series"]
    assert [None, None] == [of["confidence"] for of in found.values()]


def test_what_no_encoding_has_can_be_reported():
    """
    Half a surrogate pair in a name or a status stays an escape.
    """
    view = LiveView()
    view.update(edge_of("e\ud800da"), NOW)
    view.update(
        ReceivedEnvelope("physiology", "status", b'{"type":"status","payload":"O\\ud800K"}'), NOW
    )

    assert json.dumps(view.document(NOW)).encode()
    assert START_US == next(iter(view.document(NOW)["series"].values()))["timestamp_us"]
