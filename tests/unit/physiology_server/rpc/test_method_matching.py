"""Which RPC of another maker is which of ours."""

import pytest

from services.physiology_server.rpc import descriptors
from services.physiology_server.rpc.method_matching import NOUNS, match
from tests.support.rpc import OTHER, compile_proto
from vitalrig.errors import BadSettings

HEAD = """syntax = "proto3"; package p;
import "google/protobuf/empty.proto"; import "google/protobuf/wrappers.proto";
message Part { float value = 1; }
message MetricsBuffer { Part pulse = 1; Part metadata = 2; }
message Metrics { Part breathing = 1; Part eda = 2; }
message Both { MetricsBuffer a = 1; MetricsBuffer b = 2; }
message Wrapped { int64 number = 1; MetricsBuffer body = 2; }
enum StatusCode { OK = 0; PROCESSING_NOT_STARTED = 8; }
message StatusValue { StatusCode value = 1; int64 timestamp = 2; }
message LogEntry { string message = 1; int64 timestamp = 2; }
message Image { int32 rows = 1; int32 cols = 2; bytes mat_data = 5; }
message Shot { int64 timestamp = 1; Image frame = 2; }
message Ask { string why = 1; bool on = 2; }
"""
EMPTY, FLAG, NUMBER = (f"google.protobuf.{name}" for name in ("Empty", "BoolValue", "DoubleValue"))


@pytest.fixture(scope="module")
def verb_of(tmp_path_factory):
    folder = tmp_path_factory.mktemp("protos")

    def verb_of(*rpcs, told=()):
        proto = folder / "p.proto"
        lines = [f"rpc {name}({takes}) returns ({gives});" for name, takes, gives in rpcs]
        proto.write_text(HEAD + "service S {" + " ".join(lines) + "}")
        (service,) = descriptors.of_file(compile_proto(proto, folder))
        return match(service, dict(told)).verbs

    return verb_of


def test_our_own_service_is_understood_in_full():
    """
    It goes the same way as any other.
    """
    matching = match(descriptors.OWN, {})

    assert ({name: name for name in NOUNS}, ()) == (matching.verbs, matching.unknown)


def test_names_that_tell_are_enough(verb_of):
    """
    Verbs before the noun, words behind it and small differences do not matter.
    """
    found = verb_of(
        ("StreamCoreMetrics", EMPTY, "stream MetricsBuffer"),
        ("GetCoreMetricsStream", EMPTY, "stream Wrapped"),
        ("EdgeMetricsStream", EMPTY, "stream Metrics"),
        ("GetStatus", EMPTY, "StatusValue"),
        ("StatusStream", EMPTY, "stream StatusValue"),
        ("SubscribeToLogs", EMPTY, "stream LogEntry"),
        ("AddFrameWithTimestamp", "Shot", EMPTY),
        ("StartEdge", EMPTY, EMPTY),
        ("Reset", EMPTY, EMPTY),
        ("Record", "Ask", EMPTY),
    )

    assert {
        "StreamCoreMetrics": "StreamCoreMetrics",
        "GetCoreMetricsStream": "StreamCoreMetrics",
        "EdgeMetricsStream": "StreamEdgeMetrics",
        "GetStatus": "GetStatus",
        "StatusStream": "StreamStatus",
        "SubscribeToLogs": "StreamLogs",
        "AddFrameWithTimestamp": "UploadFrames",
        "StartEdge": "StartEdgeGraph",
        "Reset": "ResetProcessing",
        "Record": "SetRecording",
    } == found


def test_messages_tell_what_names_do_not(verb_of):
    """
    A stream of `MetricsBuffer` is Core's, whatever it is called.
    """
    found = verb_of(
        ("Alpha", EMPTY, "stream MetricsBuffer"),
        ("Beta", EMPTY, "stream Metrics"),
        ("Gamma", EMPTY, "stream StatusValue"),
        ("Delta", EMPTY, "stream LogEntry"),
        ("Epsilon", "stream Shot", EMPTY),
    )

    assert [
        "StreamCoreMetrics", "StreamEdgeMetrics", "StreamStatus", "StreamLogs", "UploadFrames",
    ] == list(found.values())  # fmt: skip


@pytest.mark.parametrize(
    "rpc",
    [
        ("SetLamp", FLAG, EMPTY),
        ("SetGain", NUMBER, EMPTY),
        ("Calibrate", EMPTY, "StatusValue"),
        ("StreamFrames", EMPTY, "stream Shot"),
        ("StreamAll", EMPTY, "stream Both"),
        ("StartCore", "stream Shot", "stream Both"),
        ("SetRecording", EMPTY, EMPTY),
    ],
    ids=lambda rpc: rpc[0],
)
def test_what_is_something_else_is_left_alone(verb_of, rpc):
    """
    Nobody starts a recording by switching a lamp on.
    """
    assert {} == {k: v for k, v in verb_of(rpc).items() if v != "UploadFrames"}


def test_what_was_told_goes_before_what_is_guessed(verb_of):
    """
    Small letters and underscores are as good as ours.
    """
    found = verb_of(
        ("Begin", EMPTY, EMPTY), ("Tell", EMPTY, "stream LogEntry"), told={"start_core": "Begin"}
    )

    assert {"Begin": "StartCore", "Tell": "StreamLogs"} == found


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"StartCore": "Begun"}, "has no Begun, only Begin"),
        ({"Sing": "Begin"}, "Sing is none of StartCore"),
        ({"StreamCoreMetrics": "Begin"}, "the messages of Begin are not those of"),
    ],
    ids=["not there", "not ours", "not it"],
)
def test_what_was_told_wrongly_stops_the_server(verb_of, told, words):
    """
    With the key, and what would do.
    """
    with pytest.raises(BadSettings, match=f"rpc_method_names: .*{words}"):
        verb_of(("Begin", EMPTY, EMPTY), told=told)


def test_the_other_service_is_understood_but_for_its_lamp(tmp_path):
    """
    The second proto of these tests, in full.
    """
    (service,) = descriptors.of_file(compile_proto(OTHER, tmp_path))
    matching = match(service, {})

    assert (("SetLamp",), "StreamEdgeMetrics", "UploadFrames") == (
        matching.unknown,
        matching.verbs["Measurements"],
        matching.verbs["Push"],
    )
