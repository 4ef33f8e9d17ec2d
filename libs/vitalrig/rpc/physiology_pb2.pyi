from google.protobuf import empty_pb2 as _empty_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class StatusCode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OK: _ClassVar[StatusCode]
    NO_FACES_FOUND: _ClassVar[StatusCode]
    MORE_THAN_ONE_FACE_FOUND: _ClassVar[StatusCode]
    FACE_NOT_CENTERED: _ClassVar[StatusCode]
    FACE_TOO_BIG_OR_TOO_SMALL: _ClassVar[StatusCode]
    IMAGE_TOO_DARK: _ClassVar[StatusCode]
    IMAGE_TOO_BRIGHT: _ClassVar[StatusCode]
    CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING: _ClassVar[StatusCode]
    PROCESSING_NOT_STARTED: _ClassVar[StatusCode]
    UNAUTHORIZED: _ClassVar[StatusCode]
OK: StatusCode
NO_FACES_FOUND: StatusCode
MORE_THAN_ONE_FACE_FOUND: StatusCode
FACE_NOT_CENTERED: StatusCode
FACE_TOO_BIG_OR_TOO_SMALL: StatusCode
IMAGE_TOO_DARK: StatusCode
IMAGE_TOO_BRIGHT: StatusCode
CHEST_TOO_FAR_OR_NOT_ENOUGH_SHOWING: StatusCode
PROCESSING_NOT_STARTED: StatusCode
UNAUTHORIZED: StatusCode

class SetRecordingRequest(_message.Message):
    __slots__ = ("recording", "session_id")
    RECORDING_FIELD_NUMBER: _ClassVar[int]
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    recording: bool
    session_id: str
    def __init__(self, recording: _Optional[bool] = ..., session_id: _Optional[str] = ...) -> None: ...

class StatusReply(_message.Message):
    __slots__ = ("status", "status_timestamp_us", "core_running", "edge_running", "recording", "session_id", "source", "frames", "frames_dropped", "envelopes", "envelopes_lost", "version", "settling")
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
    status: StatusCode
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
    def __init__(self, status: _Optional[_Union[StatusCode, str]] = ..., status_timestamp_us: _Optional[int] = ..., core_running: _Optional[bool] = ..., edge_running: _Optional[bool] = ..., recording: _Optional[bool] = ..., session_id: _Optional[str] = ..., source: _Optional[str] = ..., frames: _Optional[int] = ..., frames_dropped: _Optional[int] = ..., envelopes: _Optional[int] = ..., envelopes_lost: _Optional[int] = ..., version: _Optional[str] = ..., settling: _Optional[_Iterable[_Union[Settling, _Mapping]]] = ...) -> None: ...

class Settling(_message.Message):
    __slots__ = ("signal", "remaining_s")
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    REMAINING_S_FIELD_NUMBER: _ClassVar[int]
    signal: str
    remaining_s: float
    def __init__(self, signal: _Optional[str] = ..., remaining_s: _Optional[float] = ...) -> None: ...
