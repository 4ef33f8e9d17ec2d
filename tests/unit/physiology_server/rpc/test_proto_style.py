"""Our proto files keep to the usual style guide, and explain every name."""

import re
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from tests.support.rpc import compile_proto

PROTO = Path(__file__).parents[4] / "proto"
FILES = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
VENDORS_ENUMS = {"StatusCode"}

SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PASCAL = re.compile(r"([A-Z][A-Za-z0-9]*)")
SHOUTED = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")

# Numbers of fields in descriptor.proto, along which comments are addressed.
MESSAGE, ENUM, SERVICE, FIELD, VALUE, METHOD = 4, 5, 6, 2, 2, 2


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("protos")
    every = folder / "every.proto"
    every.write_text("".join(['syntax = "proto3";\n', *(f'import "{name}";\n' for name in FILES)]))
    # One run of protoc for all.
    (folder / "vitalrig").symlink_to(PROTO / "vitalrig")
    found = descriptor_pb2.FileDescriptorSet.FromString(compile_proto(every, folder).read_bytes())
    return {file.name: file for file in found.file if file.name in FILES}


def names(file):
    """Path of each name in the file, the name, and the pattern that it keeps to."""
    for at, message in enumerate(file.message_type):
        yield (MESSAGE, at), message.name, PASCAL
        for number, field in enumerate(message.field):
            yield (MESSAGE, at, FIELD, number), field.name, SNAKE
    for at, enum in enumerate(file.enum_type):
        yield (ENUM, at), enum.name, PASCAL
        for number, value in enumerate(enum.value):
            yield (ENUM, at, VALUE, number), value.name, SHOUTED
    for at, service in enumerate(file.service):
        yield (SERVICE, at), service.name, PASCAL
        for number, method in enumerate(service.method):
            yield (SERVICE, at, METHOD, number), method.name, PASCAL


@pytest.mark.parametrize("name", FILES)
def test_a_package_is_the_path_of_its_file(files, name):
    """
    So generated imports need no patching.
    """
    assert str(Path(name).parent).replace("/", ".") == files[name].package


@pytest.mark.parametrize("name", FILES)
def test_names_are_written_as_the_style_guide_says(files, name):
    """
    PascalCase for types and RPCs, lower_snake_case for fields, UPPER_SNAKE_CASE for values.
    """
    assert [] == [found for _, found, form in names(files[name]) if not form.fullmatch(found)]


@pytest.mark.parametrize("name", FILES)
def test_every_name_is_explained(files, name):
    """
    A sentence above each message, field, enum, value, service and RPC.
    """
    explained = {
        tuple(location.path)
        for location in files[name].source_code_info.location
        if location.leading_comments.strip().endswith(".")
    }

    assert [] == [found for path, found, _ in names(files[name]) if path not in explained]


@pytest.mark.parametrize("name", FILES)
def test_an_enum_begins_with_nothing_in_particular(files, name):
    """
    Zero is what a reader sees where nothing was sent; the vendor's enums are as they are.
    """
    zeros = {
        enum.name: (enum.value[0].number, enum.value[0].name.endswith("_UNSPECIFIED"))
        for enum in files[name].enum_type
        if enum.name not in VENDORS_ENUMS
    }

    assert dict.fromkeys(zeros, (0, True)) == zeros


@pytest.mark.parametrize("name", FILES)
def test_a_message_has_no_hole_in_its_numbers(files, name):
    """
    A number that was used once and is gone would have to be reserved.
    """
    holes = [
        message.name
        for message in files[name].message_type
        if sorted(f.number for f in message.field)
        != list(range(1, len(message.field) + 1 + len(message.reserved_range)))
    ]

    assert [] == holes
