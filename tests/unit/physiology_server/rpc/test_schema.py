"""Numbers on the wire, which clients were built with."""

import pytest
from google.protobuf.descriptor import FieldDescriptor

from vitalrig.rpc import metrics_pb2, physiology_pb2, status_pb2

MEASUREMENT = {"time": (1, "float"), "value": (2, "float"), "stable": (3, "bool")}
# The schema of 2025-09 (generation C): message, field, number, type.
GENERATION_C = {
    "Measurement": MEASUREMENT | {"timestamp": (4, "int64")},
    "DetectionStatus": {
        "time": (1, "float"),
        "detected": (2, "bool"),
        "stable": (3, "bool"),
        "timestamp": (4, "int64"),
    },
    "MeasurementWithConfidence": MEASUREMENT
    | {"confidence": (4, "float"), "timestamp": (5, "int64")},
    "MicroExpression": {
        "time": (1, "float"),
        "expression": (2, "string"),
        "stable": (3, "bool"),
        "confidence": (4, "float"),
        "timestamp": (5, "int64"),
    },
    "Strict": {"value": (1, "float")},
    "Pulse": {
        "rate": (1, "repeated MeasurementWithConfidence"),
        "trace": (2, "repeated Measurement"),
        "pulse_respiration_quotient": (3, "repeated Measurement"),
        "strict": (4, "Strict"),
    },
    "Trace": {"sample": (1, "repeated Measurement")},
    "Breathing": {
        "rate": (1, "repeated MeasurementWithConfidence"),
        "upper_trace": (2, "repeated Measurement"),
        "lower_trace": (3, "repeated Measurement"),
        "amplitude": (4, "repeated Measurement"),
        "apnea": (5, "repeated DetectionStatus"),
        "respiratory_line_length": (6, "repeated Measurement"),
        "baseline": (7, "repeated Measurement"),
        "inhale_exhale_ratio": (8, "repeated Measurement"),
        "strict": (9, "Strict"),
    },
    "BloodPressure": {"phasic": (1, "repeated MeasurementWithConfidence")},
    "Landmarks": {
        "time": (1, "float"),
        "value": (2, "repeated Point2dFloat"),
        "stable": (3, "bool"),
        "reset": (4, "bool"),
        "timestamp": (5, "int64"),
    },
    "Face": {
        "blinking": (1, "repeated DetectionStatus"),
        "talking": (2, "repeated DetectionStatus"),
        "landmarks": (3, "repeated Landmarks"),
        "micro_expression": (4, "repeated MicroExpression"),
    },
    "Metadata": {
        "id": (1, "string"),
        "upload_timestamp": (2, "string"),
        "api_version": (3, "string"),
        "sent_at_s": (4, "double"),
        "frame_timestamp": (5, "int64"),
        "frame_count": (6, "int32"),
    },
    "MetricsBuffer": {
        "pulse": (1, "Pulse"),
        "breathing": (2, "Breathing"),
        "blood_pressure": (3, "BloodPressure"),
        "face": (4, "Face"),
        "metadata": (5, "Metadata"),
    },
    "MicroMotion": {
        "glutes": (1, "repeated Measurement"),
        "knees": (2, "repeated Measurement"),
    },
    "Eda": {"trace": (1, "repeated Measurement")},
    "Metrics": {
        "breathing": (1, "Breathing"),
        "micromotion": (2, "MicroMotion"),
        "eda": (3, "Eda"),
        "face": (4, "Face"),
    },
    "Point2dInt32": {"x": (1, "int32"), "y": (2, "int32")},
    "Point2dFloat": {"x": (1, "float"), "y": (2, "float")},
    "Point3dFloat": {"x": (1, "float"), "y": (2, "float"), "z": (3, "float")},
}
STATUS_CODES = {
    "OK": 0,
    "NO_FACES_FOUND": 1,
    "MORE_THAN_ONE_FACE_FOUND": 2,
    "FACE_NOT_CENTERED": 3,
    "FACE_TOO_BIG_OR_TOO_SMALL": 4,
    "IMAGE_TOO_DARK": 5,
    "IMAGE_TOO_BRIGHT": 6,
    "CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING": 7,
    "PROCESSING_NOT_STARTED": 8,
    "UNAUTHORIZED": 9,
}
# The vendor's documented messages of the control service; the picture's bytes are ours to name.
DOCUMENTED = {
    "FrameWithTimestamp": {"timestamp": (1, "int64"), "frame": (2, "Mat")},
    "Mat": {
        "rows": (1, "int32"),
        "cols": (2, "int32"),
        "element_type": (3, "int32"),
        "element_size": (4, "int32"),
        "data": (5, "bytes"),
    },
}
# Ours, which clients have: what was there stays as it was.
OURS = {
    "SetRecordingRequest": {"recording": (1, "bool"), "session_id": (2, "string")},
    "StatusReply": {
        "status": (1, "StatusCode"),
        "status_timestamp_us": (2, "int64"),
        "core_running": (3, "bool"),
        "edge_running": (4, "bool"),
        "recording": (5, "bool"),
        "session_id": (6, "string"),
        "source": (7, "string"),
        "frames": (8, "int64"),
        "frames_dropped": (9, "int64"),
        "envelopes": (10, "int64"),
        "envelopes_lost": (11, "int64"),
        "version": (12, "string"),
        "settling": (13, "repeated Settling"),
    },
    "Settling": {"signal": (1, "string"), "remaining_s": (2, "double")},
}
SERVICE = {
    "StartCore": "Empty -> StatusReply",
    "StopCore": "Empty -> StatusReply",
    "StartEdgeGraph": "Empty -> StatusReply",
    "StopEdgeGraph": "Empty -> StatusReply",
    "StartPreprocessing": "Empty -> StatusReply",
    "StopPreprocessing": "Empty -> StatusReply",
    "SetRecording": "SetRecordingRequest -> StatusReply",
    "ResetProcessing": "Empty -> StatusReply",
    "GetStatus": "Empty -> StatusReply",
    "SetBufferDuration": "DoubleValue -> StatusReply",
    "StreamStatus": "Empty -> stream StatusUpdate",
    "StreamCoreMetrics": "Empty -> stream CoreMetrics",
    "StreamEdgeMetrics": "Empty -> stream EdgeMetrics",
    "StreamLogs": "Empty -> stream LogEntry",
    "UploadFrames": "stream FrameWithTimestamp -> UploadReport",
    "GetServerInfo": "Empty -> ServerInfo",
}


def type_of(field):
    named = field.message_type or field.enum_type
    name = named.name if named else FIELD_TYPES[field.type]
    return f"repeated {name}" if field.is_repeated else name


FIELD_TYPES = {
    getattr(FieldDescriptor, name): name.removeprefix("TYPE_").lower()
    for name in dir(FieldDescriptor)
    if name.startswith("TYPE_")
}


def fields(message):
    return {field.name: (field.number, type_of(field)) for field in message.fields}


def test_metrics_are_those_of_generation_c():
    """
    A client with the vendor's classes reads our bytes.
    """
    ours = {
        name: fields(message)
        for name, message in metrics_pb2.DESCRIPTOR.message_types_by_name.items()
    }

    assert GENERATION_C == ours


def test_status_codes_are_those_of_generation_c():
    """
    A code keeps its number.
    """
    assert STATUS_CODES == dict(status_pb2.StatusCode.items())


def test_a_status_value_is_that_of_generation_c():
    """
    The code first, then its time.
    """
    message = status_pb2.DESCRIPTOR.message_types_by_name["StatusValue"]

    assert {"value": (1, "StatusCode"), "timestamp": (2, "int64")} == fields(message)


@pytest.mark.parametrize(("name", "expected"), (DOCUMENTED | OURS).items(), ids=DOCUMENTED | OURS)
def test_a_message_of_the_service_keeps_its_fields(name, expected):
    """
    Fields are added, never renumbered: clients are older than servers.
    """
    found = fields(physiology_pb2.DESCRIPTOR.message_types_by_name[name])

    assert expected == {field: found.get(field) for field in expected}


def test_a_log_entry_begins_as_the_vendor_documents_it():
    """
    Message and time; what is ours comes after.
    """
    found = fields(physiology_pb2.DESCRIPTOR.message_types_by_name["LogEntry"])

    assert {"message": (1, "string"), "timestamp": (2, "int64")} == {
        name: found[name] for name in ("message", "timestamp")
    }


def test_the_service_has_these_rpcs():
    """
    Names, messages and streaming kinds.
    """
    service = physiology_pb2.DESCRIPTOR.services_by_name["Physiology"]
    found = {
        method.name: f"{'stream ' * method.client_streaming}{method.input_type.name} -> "
        f"{'stream ' * method.server_streaming}{method.output_type.name}"
        for method in service.methods
    }

    assert SERVICE == found
