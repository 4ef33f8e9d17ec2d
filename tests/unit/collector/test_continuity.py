"""What the stamps of a server without numbers tell."""

import json
from functools import reduce

import pytest

from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.continuity import BEGAN_ANEW, HOLE, WENT_BACK, Continuity
from smartspectra.ipc.wire.codec import standard_library_only

NOW_US = 1_760_000_000_000_000


def at(channel, seconds, payload=None):
    document = {
        "type": channel,
        "timestamp": NOW_US + round(seconds * 1_000_000),
        "payload": {} if payload is None else payload,
    }
    return ReceivedEnvelope("physiology", channel, json.dumps(document).encode())


def edge(*seconds):
    return [at("edge_metrics", each) for each in seconds]


def start(seconds=0.0):
    return at("recording_state", seconds, {"recording": True})


def stop(seconds):
    return at("recording_state", seconds, {"recording": False})


def status(seconds, value):
    return at("status", seconds, {"value": value})


def captured(seconds, since_s):
    """An edge envelope with the time since the capture began."""
    return at("edge_metrics", seconds, {"breathing": {"upper_trace": [{"time": since_s}]}})


def core(seconds, since_s):
    return at("core_metrics", seconds, {"metadata": {"frame_timestamp": f"{since_s * 1e6:.0f}"}})


def found(*arrivals):
    """What is said of each that something is said of."""
    continuity = Continuity()
    told = [continuity.look(arrival) for arrival in arrivals]
    return [each for each in told if each[0]]


@pytest.mark.parametrize(
    "arrivals",
    [
        [start(), *edge(0.1, 0.2, 8.2)],
        [start(), *edge(0.1, 0.2), stop(8.2)],
        [start(), *edge(0.1, 0.2), status(8.2, "OK"), stop(9.0)],
    ],
    ids=["measures again", "says stop", "says its status"],
)
def test_a_hole_in_a_servers_stamps_is_said_with_its_length(arrivals):
    """
    A server that was killed and started again shows in what it says first, whatever that is.
    """
    assert (HOLE, pytest.approx(8.0)) == found(*arrivals)[0]


def test_stamps_that_go_back_are_said():
    """
    A server whose clock begins anew has begun anew.
    """
    assert [(WENT_BACK, 0.0)] == found(start(), *edge(60.1, 60.2, 0.1))


@pytest.mark.parametrize(
    "arrivals",
    [
        [start(), captured(0.1, 60.0), captured(0.2, 60.1), captured(1.1, 0.1), stop(1.2)],
        [start(), core(0.1, 60.0), core(0.3, 60.2), core(1.1, 0.2), stop(1.2)],
        [start(), *edge(0.1, 0.2), status(1.1, "PROCESSING_NOT_STARTED"), stop(1.2)],
        [start(), *edge(0.1, 0.2), status(1.1, 8), stop(1.2)],
    ],
    ids=["its time since the start of capture", "that of its buffers", "its status", "as a number"],
)
def test_a_capture_that_begins_anew_is_said_however_quickly_it_does(arrivals):
    """
    Also without a hole: a small server may be back within a second.
    """
    assert [(BEGAN_ANEW, 0.0)] == found(*arrivals)


def test_a_hole_is_said_where_there_are_no_edge_metrics():
    """
    Measured by how far apart that server's buffers usually are.
    """
    arrivals = [start(), *(core(each / 5, 60 + each / 5) for each in range(60)), core(22.0, 82.0)]

    assert [(HOLE, pytest.approx(10.2))] == found(*arrivals)


@pytest.mark.parametrize(
    "arrivals",
    [
        [start(), *edge(0.1, 0.2, 1.9), stop(2.0)],
        [*edge(0.1), start(60.0), *edge(60.1)],
        [stop(0.0), *edge(0.1), status(0.2, "PROCESSING_NOT_STARTED"), *edge(9.0)],
        [stop(0.0), captured(0.1, 600.0), start(30.0), captured(30.1, 0.1), captured(30.2, 0.2)],
        [start(), *(core(each, 100.0 + each) for each in range(0, 60, 3)), stop(62.0)],
        [start(), *edge(-9e6, -9e6 + 1), stop(2.0)],
        [start(), *edge(5.0), at("core_metrics", 1.0), *edge(5.1)],
        [ReceivedEnvelope("physiology", "edge_metrics", b"{")],
    ],
    ids=[
        "as it should be",
        "silence before the recording",
        "outside of a recording",
        "restarted before the recording",
        "buffers of three seconds, and no edge metrics",
        "a replay with stamps of its own",
        "core, which comes late",
        "what is not an envelope",
    ],
)
def test_what_is_usual_is_not_taken_for_a_restart(arrivals):
    """
    A session that lost nothing is not called incomplete.
    """
    assert [] == found(*arrivals)


@pytest.mark.parametrize(
    "payload",
    [
        {"a": reduce(lambda inner, _: {"b": inner}, range(700), 1)},
        {"breathing": {"upper_trace": [{"time": 10**400, "value": 1}]}},
        {"breathing": [{"time": "1e400"}, []]},
    ],
    ids=["deep", "a huge number", "a huge number as text"],
)
def test_odd_payloads_cost_nobody_anything(payload):
    """
    What a publisher sends does not end who listens to it and to others.
    """
    with standard_library_only():  # which reads integers of any size
        assert [] == found(start(), at("edge_metrics", 0.1, payload), *edge(0.2), stop(0.3))
