"""Edge: one payload a frame, in the shape of the schema, with what the frame has."""

import itertools
import json

import numpy as np
import orjson
import pytest

from services.physiology_server.signals.edge import Edge
from services.physiology_server.signals.frame import Frame, Signals
from services.physiology_server.sources.synthetic_source import SyntheticSource
from tests.support.gen_c import METRICS, strangers
from vitalrig.statuses import StatusCode

EPOCH_US = 1_760_000_000_000_000
ALL = Signals(
    pulse=0.1, phasic=0.2, upper_breathing=0.03, lower_breathing=0.04, eda=0.5,
    glutes=0.01, knees=0.02, blinking=False, talking=False,
)  # fmt: skip


def an_edge(**settings):
    defaults = {"enable_eda": True, "enable_micromotion": True, "source_kind": "camera"}
    return Edge(**defaults | settings)


def payloads(edge, seconds=60):
    frames = itertools.islice(SyntheticSource(1).frames(), int(seconds * 30))
    return [edge.payload(frame, EPOCH_US + round(frame.time_s * 1e6)) for frame in frames]


def test_payloads_have_the_shape_of_the_schema():
    """
    In a minute with everything switched on there is no key that the schema does not have.
    """
    assert [] == [bad for p in payloads(an_edge()) for bad in strangers(p, METRICS)]


def test_everything_that_was_asked_for_comes():
    """
    Breathing, micromotion, EDA and the face.
    """
    seen = {f"{part}.{name}" for p in payloads(an_edge()) for part in p for name in p[part]}

    assert {
        "breathing.upper_trace",
        "breathing.lower_trace",
        "micromotion.glutes",
        "micromotion.knees",
        "eda.trace",
        "face.blinking",
        "face.talking",
    } == seen


def test_a_sample_is_as_the_vendor_prints_it():
    """
    Short decimals of 32-bit floats, seconds since capture start, microseconds as a string.
    """
    frame = Frame(46, 46 / 30, Signals(upper_breathing=0.01196289062))

    payload = an_edge().payload(frame, 1759779683578333)

    assert (
        '{"breathing":{"upper_trace":[{"time":1.5333333,"value":0.011962891,'
        '"stable":true,"timestamp":"1759779683578333"}]}}'
    ) == orjson.dumps(payload).decode()


def test_any_json_writer_prints_the_same():
    """
    Values are plain Python, and the standard library's json agrees with orjson on each.
    """
    for payload in payloads(an_edge(), seconds=40)[-60:]:
        compact = json.dumps(payload, separators=(",", ":"))

        assert json.loads(orjson.dumps(payload)) == json.loads(compact) == payload


def test_values_survive_the_wire():
    """
    Printed and read back they are the same 32-bit floats as the frame's.
    """
    frames = list(itertools.islice(SyntheticSource(1).frames(), 300))
    edge = an_edge()

    sent = [edge.payload(f, 0)["breathing"]["upper_trace"][0]["value"] for f in frames]

    asked = np.array([frame.signals.upper_breathing for frame in frames], dtype=np.float32)
    assert (np.array(sent, dtype=np.float32) == asked).all()


def test_pulse_and_pressure_are_not_in_edge():
    """
    Core is the only source of pulse.
    """
    assert {"breathing", "micromotion", "face"} == set(an_edge().payload(Frame(0, 0.0, ALL), 0))


def test_what_a_frame_lacks_is_left_out():
    """
    Nothing is sent as zero.
    """
    assert {} == an_edge().payload(Frame(0, 0.0, status=StatusCode.NO_FACES_FOUND), 0)


def test_a_value_of_zero_is_a_value():
    """
    Only what is absent is left out.
    """
    payload = an_edge().payload(Frame(0, 0.0, Signals(upper_breathing=0.0)), 0)

    assert 0.0 == payload["breathing"]["upper_trace"][0]["value"]


@pytest.mark.parametrize(
    ("switch", "part"), [("enable_eda", "eda"), ("enable_micromotion", "micromotion")]
)
def test_what_is_switched_off_does_not_come(switch, part):
    """
    Neither EDA nor micromotion unless asked for.
    """
    assert not any(part in p for p in payloads(an_edge(**{switch: False})))


def test_eda_comes_after_35_s_and_then_five_times_a_second():
    """
    The warm-up is counted from the first frame.
    """
    found = [s["time"] for p in payloads(an_edge()) if "eda" in p for s in p["eda"]["trace"]]

    assert pytest.approx([35 + n / 5 for n in range(125)], abs=0.04) == found


def test_after_a_reset_eda_warms_up_again():
    """
    Values from before and after do not mix.
    """
    edge = an_edge()
    payloads(edge)
    edge.reset()

    first = next(p["eda"]["trace"][0] for p in payloads(edge) if "eda" in p)

    assert 35.0 == first["time"]


def test_blinking_and_talking_are_told_when_they_change():
    """
    The first frame says how it is; then each beginning and each end is one sample.
    """
    edge = an_edge()
    shut = [False, False, True, True, False, None, False]
    frames = [Frame(n, n / 30, Signals(blinking=value)) for n, value in enumerate(shut)]

    told = [edge.payload(frame, 0).get("face", {}).get("blinking") for frame in frames]

    assert [False, None, True, None, False, None, False] == [t and t[0]["detected"] for t in told]


@pytest.mark.parametrize(
    "frame",
    [
        Frame(0, 0.0, ALL, stable=False),
        Frame(0, 0.0, ALL, status=StatusCode.IMAGE_TOO_DARK),
    ],
    ids=["joint of a loop", "too dark"],
)
def test_values_of_a_frame_that_is_not_usable_are_not_stable(frame):
    """
    Whether the source or the status says so.
    """
    payload = an_edge().payload(frame, 0)

    assert payload["breathing"]["upper_trace"][0]["stable"] is False


@pytest.mark.parametrize("kind", ["synthetic", "replay"])
def test_payloads_that_are_not_live_say_so(kind):
    """
    In every single message, by a key of ours.
    """
    assert {kind} == {p["source"] for p in payloads(an_edge(source_kind=kind), seconds=1)}


@pytest.mark.parametrize("kind", ["camera", "upload"])
def test_live_payloads_are_as_the_vendor_makes_them(kind):
    """
    Without the key.
    """
    assert not any("source" in p for p in payloads(an_edge(source_kind=kind), seconds=1))
