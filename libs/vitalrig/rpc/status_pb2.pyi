from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
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

class StatusValue(_message.Message):
    __slots__ = ("value", "timestamp")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    TIMESTAMP_FIELD_NUMBER: _ClassVar[int]
    value: StatusCode
    timestamp: int
    def __init__(self, value: _Optional[_Union[StatusCode, str]] = ..., timestamp: _Optional[int] = ...) -> None: ...
