"""Replies of any maker, filled from what we know by the names of their fields."""

from collections.abc import Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from services.physiology_server.rpc.message_shapes import of
from vitalrig.statuses import StatusCode

Facts = Mapping[str, Any]
"""What a reply may contain, by name."""

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "value": ("status", "done"),
    "status_code": ("status",),
    "code": ("status",),
    "timestamp": ("status_timestamp_us", "timestamp_us"),
    "is_recording": ("recording",),
    "running": ("edge_running",),
    "success": ("done",),
    "ok": ("done",),
    "used_frames": ("used",),
    "received_frames": ("received",),
    "server_version": ("version",),
    "sequence": ("seq",),
    "sequence_number": ("seq",),
    "buffer_duration": ("buffer_duration_s",),
}
"""Other names of a fact. The first whose type fits is taken."""

DEPTH = 2
_FLOATS = (FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT)
_INTEGERS = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64),
}


def fill_facts(message: Message, facts: Facts, depth: int = DEPTH) -> bool:
    """
    Fill those fields of *message* that are named like a fact and can hold it.

    Args:
        message: Whatever the other maker calls a reply.
        facts: What we know.
        depth: How many levels of messages within it to fill as well.

    Returns:
        Whether any field was filled.
    """
    filled = False
    for field in of(message).fields:
        if any(_put(message, field, facts[name]) for name in _names(field) if name in facts):
            filled = True
        elif depth and field.message_type is not None and not field.is_repeated:
            part = type(getattr(message, field.name))()
            if fill_facts(part, facts, depth - 1):
                getattr(message, field.name).CopyFrom(part)
                filled = True
    return filled


def _names(field: FieldDescriptor) -> tuple[str, ...]:
    return (field.name, *SYNONYMS.get(field.name, ()))


def _put(message: Message, field: FieldDescriptor, fact: object) -> bool:
    """
    Set *field* if it can hold *fact*.
    """
    if field.is_repeated:
        return _put_many(getattr(message, field.name), field, fact)
    value = _as(field, fact)
    if value is None:
        return False
    setattr(message, field.name, value)
    return True


def _put_many(target: Any, field: FieldDescriptor, fact: object) -> bool:  # noqa: ANN401  protobuf's
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        if not isinstance(fact, Mapping):
            return False
        target.update(fact)
        return True
    if not isinstance(fact, list | tuple):
        return False
    for item in fact:
        if entry is None:
            target.append(item)
        else:
            fill_facts(target.add(), item, 0)
    return True


def _as(field: FieldDescriptor, fact: object) -> object:
    """
    *fact* as a value of *field*; None if it is none.
    """
    if isinstance(fact, StatusCode) and field.enum_type is not None:
        known = field.enum_type.values_by_name.get(fact.name)
        return int(fact) if known is None else known.number
    if field.type == FieldDescriptor.TYPE_STRING:
        text = fact.name if isinstance(fact, StatusCode) else fact
        return text if isinstance(text, str) else None
    if isinstance(fact, bool):
        return fact if field.type == FieldDescriptor.TYPE_BOOL else None
    return _as_number(field, fact) if isinstance(fact, int | float) else None


def _as_number(field: FieldDescriptor, fact: float) -> float | None:
    if field.cpp_type in _FLOATS:
        return float(fact)
    low, high = _INTEGERS.get(field.cpp_type, (0, 0))
    return int(fact) if isinstance(fact, int) and low <= fact < high else None
