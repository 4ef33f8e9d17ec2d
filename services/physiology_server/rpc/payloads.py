"""Payloads in protobuf's JSON form, as messages of any maker."""

from collections.abc import Mapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message

from services.physiology_server.rpc.message_shapes import of


def fill_payload(message: Message, payload: Mapping[str, Any]) -> int:
    """
    Fill *message* with *payload*, which is in protobuf's JSON form.

    Fields that the message does not have are left out. So is what does not fit its field, and
    only that: a replayed session may have been written in another form.

    Returns:
        How many fields did not fit.
    """
    if _parse(message, payload):
        return 0
    message.Clear()
    return sum(_fill_field(message, name, value) for name, value in payload.items())


def _fill_field(message: Message, name: str, value: object) -> int:
    if _parse(message, {name: value}):
        return 0
    field = _field(of(message), name)
    if field is None:
        return 1
    message.ClearField(field.name)
    return _fill_parts(getattr(message, field.name), field, value)


def _parse(message: Message, payload: Mapping[str, Any]) -> bool:
    if not _is_shaped(of(message), payload):
        return False
    try:
        json_format.ParseDict(dict(payload), message, ignore_unknown_fields=True)
    except json_format.ParseError:
        return False
    return True


def _is_shaped(message: Descriptor, payload: Mapping[str, Any]) -> bool:
    """
    Whether objects are where messages are.

    The parser takes a text for an empty one, and then there is a zero where nothing was measured.
    """
    for name, value in payload.items():
        field = _field(message, name)
        if field is None or value is None or (inner := field.message_type) is None:
            continue
        if inner.full_name.startswith("google.protobuf."):
            continue
        for item in value if field.is_repeated and isinstance(value, list) else (value,):
            if not isinstance(item, Mapping) or not _is_shaped(inner, item):
                return False
    return True


def _field(message: Descriptor, name: str) -> FieldDescriptor | None:
    return message.fields_by_name.get(name) or message.fields_by_camelcase_name.get(name)


def _fill_parts(part: Any, field: FieldDescriptor, value: object) -> int:  # noqa: ANN401  protobuf's
    """
    Fill what is within a field that does not fit as a whole.
    """
    if field.message_type is None:
        return 1
    if field.is_repeated and isinstance(value, list):
        return sum(_fill_item(part, item) for item in value)
    if isinstance(value, Mapping) and not field.is_repeated:
        part.SetInParent()
        return fill_payload(part, value)
    return 1


def _fill_item(items: Any, item: object) -> int:  # noqa: ANN401  protobuf's
    return fill_payload(items.add(), item) if isinstance(item, Mapping) else 1
