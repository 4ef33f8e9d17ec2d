from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
from vitalrig.rpc import metrics_pb2 as _metrics_pb2
from vitalrig.rpc import status_pb2 as _status_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union
from vitalrig.rpc.status_pb2 import StatusValue as StatusValue
from vitalrig.rpc.status_pb2 import StatusCode as StatusCode

DESCRIPTOR: _descriptor.FileDescriptor
OK: _status_pb2.StatusCode
NO_FACES_FOUND: _status_pb2.StatusCode
MORE_THAN_ONE_FACE_FOUND: _status_pb2.StatusCode
FACE_NOT_CENTERED: _status_pb2.StatusCode
FACE_TOO_BIG_OR_TOO_SMALL: _status_pb2.StatusCode
IMAGE_TOO_DARK: _status_pb2.StatusCode
IMAGE_TOO_BRIGHT: _status_pb2.StatusCode
CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING: _status_pb2.StatusCode
PROCESSING_NOT_STARTED: _status_pb2.StatusCode
UNAUTHORIZED: _status_pb2.StatusCode

class SetRecordingRequest(_message.Message):
    __slots__ = ("recording", "session_id")
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    recording: bool
    session_id: str
    def __init__(self, recording: _Optional[bool] = ..., session_id: _Optional[str] = ...) -> None: ...

class StatusReply(_message.Message):
    __slots__ = ("status", "status_timestamp_us", "core_running", "edge_running", "recording", "session_id", "source", "frames", "frames_dropped", "envelopes", "envelopes_lost", "version", "settling", "buffer_duration_s", "signals")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    CORE_RUNNING_FIELD_NUMBER: _ClassVar[int]
    EDGE_RUNNING_FIELD_NUMBER: _ClassVar[int]
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    FRAMES_DROPPED_FIELD_NUMBER: _ClassVar[int]
    ENVELOPES_FIELD_NUMBER: _ClassVar[int]
    ENVELOPES_LOST_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SETTLING_FIELD_NUMBER: _ClassVar[int]
    BUFFER_DURATION_S_FIELD_NUMBER: _ClassVar[int]
    SIGNALS_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.StatusCode
    status_timestamp_us: int
    core_running: bool
    edge_running: bool
    recording: bool
    session_id: str
    source: str
    frames: int
    frames_dropped: int
    envelopes: int
    envelopes_lost: int
    version: str
    settling: _containers.RepeatedCompositeFieldContainer[Settling]
    buffer_duration_s: float
    signals: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, status: _Optional[_Union[_status_pb2.StatusCode, str]] = ..., status_timestamp_us: _Optional[int] = ..., core_running: _Optional[bool] = ..., edge_running: _Optional[bool] = ..., recording: _Optional[bool] = ..., session_id: _Optional[str] = ..., source: _Optional[str] = ..., frames: _Optional[int] = ..., frames_dropped: _Optional[int] = ..., envelopes: _Optional[int] = ..., envelopes_lost: _Optional[int] = ..., version: _Optional[str] = ..., settling: _Optional[_Iterable[_Union[Settling, _Mapping]]] = ..., buffer_duration_s: _Optional[float] = ..., signals: _Optional[_Iterable[str]] = ...) -> None: ...

class Settling(_message.Message):
    __slots__ = ("signal", "remaining_s")
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    REMAINING_S_FIELD_NUMBER: _ClassVar[int]
    signal: str
    remaining_s: float
    def __init__(self, signal: _Optional[str] = ..., remaining_s: _Optional[float] = ...) -> None: ...

class StatusUpdate(_message.Message):
    __slots__ = ("status", "timestamp_us", "seq", "missed")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    status: _status_pb2.StatusValue
    timestamp_us: int
    seq: int
    missed: int
    def __init__(self, status: _Optional[_Union[_status_pb2.StatusValue, _Mapping]] = ..., timestamp_us: _Optional[int] = ..., seq: _Optional[int] = ..., missed: _Optional[int] = ...) -> None: ...

class CoreMetrics(_message.Message):
    __slots__ = ("metrics", "timestamp_us", "seq", "missed", "source")
    METRICS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    metrics: _metrics_pb2.MetricsBuffer
    timestamp_us: int
    seq: int
    missed: int
    source: str
    def __init__(self, metrics: _Optional[_Union[_metrics_pb2.MetricsBuffer, _Mapping]] = ..., timestamp_us: _Optional[int] = ..., seq: _Optional[int] = ..., missed: _Optional[int] = ..., source: _Optional[str] = ...) -> None: ...

class EdgeMetrics(_message.Message):
    __slots__ = ("metrics", "timestamp_us", "seq", "missed", "source")
    METRICS_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_US_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    metrics: _metrics_pb2.Metrics
    timestamp_us: int
    seq: int
    missed: int
    source: str
    def __init__(self, metrics: _Optional[_Union[_metrics_pb2.Metrics, _Mapping]] = ..., timestamp_us: _Optional[int] = ..., seq: _Optional[int] = ..., missed: _Optional[int] = ..., source: _Optional[str] = ...) -> None: ...

class LogEntry(_message.Message):
    __slots__ = ("message", "timestamp", "level", "logger", "missed")
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LOGGER_FIELD_NUMBER: _ClassVar[int]
    MISSED_FIELD_NUMBER: _ClassVar[int]
    message: str
    timestamp: int
    level: str
    logger: str
    missed: int
    def __init__(self, message: _Optional[str] = ..., timestamp: _Optional[int] = ..., level: _Optional[str] = ..., logger: _Optional[str] = ..., missed: _Optional[int] = ...) -> None: ...

class Mat(_message.Message):
    __slots__ = ("rows", "cols", "element_type", "element_size", "data")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLS_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_SIZE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    rows: int
    cols: int
    element_type: int
    element_size: int
    data: bytes
    def __init__(self, rows: _Optional[int] = ..., cols: _Optional[int] = ..., element_type: _Optional[int] = ..., element_size: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class FrameWithTimestamp(_message.Message):
    __slots__ = ("timestamp", "frame")
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    timestamp: int
    frame: Mat
    def __init__(self, timestamp: _Optional[int] = ..., frame: _Optional[_Union[Mat, _Mapping]] = ...) -> None: ...

class UploadReport(_message.Message):
    __slots__ = ("received", "used", "dropped")
    class DroppedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    RECEIVED_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    received: int
    used: int
    dropped: _containers.ScalarMap[str, int]
    def __init__(self, received: _Optional[int] = ..., used: _Optional[int] = ..., dropped: _Optional[_Mapping[str, int]] = ...) -> None: ...

class ServerInfo(_message.Message):
    __slots__ = ("version", "source", "synthetic", "live", "backend", "camera", "capabilities", "run_id", "started_at_us")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SYNTHETIC_FIELD_NUMBER: _ClassVar[int]
    LIVE_FIELD_NUMBER: _ClassVar[int]
    BACKEND_FIELD_NUMBER: _ClassVar[int]
    CAMERA_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_US_FIELD_NUMBER: _ClassVar[int]
    version: str
    source: str
    synthetic: bool
    live: bool
    backend: str
    camera: str
    capabilities: _containers.RepeatedScalarFieldContainer[str]
    run_id: str
    started_at_us: int
    def __init__(self, version: _Optional[str] = ..., source: _Optional[str] = ..., synthetic: _Optional[bool] = ..., live: _Optional[bool] = ..., backend: _Optional[str] = ..., camera: _Optional[str] = ..., capabilities: _Optional[_Iterable[str]] = ..., run_id: _Optional[str] = ..., started_at_us: _Optional[int] = ...) -> None: ...
