"""What a message is, recognised by its fields: services of other makers name them as they like."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

Test = Callable[[Descriptor], bool]

_FLOATS = frozenset({FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT})
_INTEGERS = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32, FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64,
    }
)  # fmt: skip
_STRING = frozenset({FieldDescriptor.CPPTYPE_STRING})
_BOOL = frozenset({FieldDescriptor.CPPTYPE_BOOL})


def of(message: Message) -> Descriptor:
    """
    The type of *message*.
    """
    descriptor: Any = message.DESCRIPTOR
    return cast("Descriptor", descriptor)


def is_core_metrics(message: Descriptor) -> bool:
    """
    Whether it is what Core computes of a buffer.
    """
    return message.name == "MetricsBuffer" or {"pulse", "metadata"} <= _messages(message)


def is_edge_metrics(message: Descriptor) -> bool:
    """
    Whether it is what Edge computes of a frame.
    """
    parts = _messages(message)
    return message.name == "Metrics" or (
        "breathing" in parts
        and "metadata" not in parts
        and bool(parts & {"eda", "micromotion", "cardio", "face"})
    )


def is_status(message: Descriptor) -> bool:
    """
    Whether it has a status code.
    """
    return any(
        field.enum_type is not None and ("PROCESSING_NOT_STARTED" in field.enum_type.values_by_name)
        for field in message.fields
    )


def is_log_entry(message: Descriptor) -> bool:
    """
    Whether it is a line of the log.
    """
    return _is(message, "message", _STRING) and _is(message, "timestamp", _INTEGERS)


def is_mat(message: Descriptor) -> bool:
    """
    Whether it is a picture: rows, columns and pixels.
    """
    return (
        _is(message, "rows", _INTEGERS)
        and _is(message, "cols", _INTEGERS)
        and _pixels(message) is not None
    )


def is_frame(message: Descriptor) -> bool:
    """
    Whether it is a picture with its time.
    """
    return _first(message, _INTEGERS) is not None and len(path_to(message, is_mat) or ()) == 1


def path_to(message: Descriptor, test: Test) -> tuple[str, ...] | None:
    """
    Where in *message* that is which passes *test*: () for itself, (name,) for its only such field.
    """
    if test(message):
        return ()
    found = [
        field.name
        for field in message.fields
        if field.message_type is not None and not field.is_repeated and test(field.message_type)
    ]
    return (found[0],) if len(found) == 1 else None


def flag_field(message: Descriptor) -> FieldDescriptor | None:
    """
    The field that says yes or no.
    """
    return _first(message, _BOOL)


def number_field(message: Descriptor) -> FieldDescriptor | None:
    """
    The field that holds a number with decimals.
    """
    return _first(message, _FLOATS)


def recording_of(request: Message) -> tuple[bool, str]:
    """
    Whether to record, and under which name if the message can say one.
    """
    flag = flag_field(of(request))
    assert flag is not None
    named = _is(of(request), "session_id", _STRING)
    return bool(getattr(request, flag.name)), request.session_id if named else ""  # type: ignore[attr-defined]


def seconds_of(request: Message) -> float:
    """
    The number in the message.
    """
    number = number_field(of(request))
    assert number is not None
    return float(getattr(request, number.name))


@dataclass(frozen=True, slots=True)
class Mat:
    """
    A picture as it came, not yet looked at.

    Attributes:
        rows: Height in pixels.
        cols: Width in pixels.
        element_type: OpenCV's type; None where the message has no such field.
        element_size: Bytes a pixel; None where the message has no such field.
        data: The pixels.
    """

    rows: int
    cols: int
    element_type: int | None
    element_size: int | None
    data: bytes


def frame_of(message: Message) -> tuple[Mat, int]:
    """
    The picture in a frame, and its time in us since the capture started.
    """
    descriptor = of(message)
    stamp = _first(descriptor, _INTEGERS, prefer="timestamp")
    (name,) = path_to(descriptor, is_mat) or ("",)
    mat: Any = getattr(message, name)
    pixels = _pixels(mat.DESCRIPTOR)
    assert stamp is not None
    assert pixels is not None
    picture = Mat(
        rows=mat.rows,
        cols=mat.cols,
        element_type=getattr(mat, "element_type", None),
        element_size=getattr(mat, "element_size", None),
        data=getattr(mat, pixels.name),
    )
    return picture, int(getattr(message, stamp.name))


def _messages(message: Descriptor) -> set[str]:
    return {field.name for field in message.fields if field.message_type is not None}


def _is(message: Descriptor, name: str, types: frozenset[int]) -> bool:
    field = message.fields_by_name.get(name)
    return field is not None and field.cpp_type in types and not field.is_repeated


def _first(message: Descriptor, types: frozenset[int], prefer: str = "") -> FieldDescriptor | None:
    found = [f for f in message.fields if f.cpp_type in types and not f.is_repeated]
    return next((f for f in found if f.name == prefer), found[0] if found else None)


def _pixels(message: Descriptor) -> FieldDescriptor | None:
    return next(
        (f for f in message.fields if f.type == FieldDescriptor.TYPE_BYTES and not f.is_repeated),
        None,
    )
