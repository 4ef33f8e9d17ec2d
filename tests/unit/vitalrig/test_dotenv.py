""".env means the same to `make up` and to `docker compose`, or is refused."""

import pytest

from vitalrig.dotenv import BadEnvFile, parse, read


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("NAME = value ", "value"),
        ("export NAME=value", "value"),
        ("NAME=", ""),
        ("NAME=value # why", "value"),
        ("NAME= # nothing", ""),
        ("NAME=a#b", "a#b"),
        ("NAME='a # b'", "a # b"),
        ('NAME="a b"  # why', "a b"),
        ("NAME=a=b", "a=b"),
        (r'NAME="a \"b\" \\ c"', r'a "b" \ c'),
    ],
)
def test_lines_are_understood_as_compose_understands_them(line, value):
    """
    The same .env means the same to `make up` and to `docker compose`.
    """
    assert {"NAME": value} == parse(f"# a comment\n\n{line}\n", ".env", {})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=${HOME}/data", "/home/ann/data"),
        ("NAME=$HOME/data", "/home/ann/data"),
        ('NAME="${HOME}/my data"', "/home/ann/my data"),
        ("NAME='${HOME}'", "${HOME}"),
        ("NAME=$$HOME", "$HOME"),
        (r'NAME="\$HOME"', "$HOME"),
        ("NAME=${NONE:-/srv}/data", "/srv/data"),
        ("NAME=${EMPTY:-/srv}", "/srv"),
        ("NAME=${EMPTY-/srv}", ""),
        ("NAME=${NONE-/srv}", "/srv"),
        ("NAME=${EARLIER}/data", "/above/data"),
    ],
)
def test_a_variable_in_a_value_stands_for_what_it_holds(line, value):
    """
    Recordings go to the home folder, not to a folder that is called `${HOME}`.
    """
    environ = {"HOME": "/home/ann", "EMPTY": ""}

    assert value == parse(f"EARLIER=/above\n{line}", ".env", environ)["NAME"]


@pytest.mark.parametrize(
    "line",
    [
        "NAME",
        "1NAME=x",
        "NAME='x",
        'NAME="x" y',
        "NAME=${NONE}",
        "NAME=${HOME",
        "NAME=${HOME:?none}",
        "NAME=1$",
        r'NAME="a\nb"',
    ],
)
def test_a_line_that_is_not_understood_is_named_with_its_number(line):
    """
    Nobody has to search for it, and nothing is set to what was not meant.
    """
    with pytest.raises(BadEnvFile, match=r"\.env, line 2"):
        parse(f"\n{line}\n", ".env", {"HOME": "/home/ann"})


def test_a_file_that_was_saved_on_windows_is_understood(tmp_path):
    """
    Its byte order mark and its ends of lines are not part of names and values.
    """
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfMODE=local\r\nGRPC_PORT=50061\r\n")

    assert {"MODE": "local", "GRPC_PORT": "50061"} == read(tmp_path / ".env", {})


def test_a_file_in_another_encoding_is_refused_by_name(tmp_path):
    """
    An editor's UTF-16 is a message, not a traceback.
    """
    (tmp_path / ".env").write_text("MODE=local\n", encoding="utf-16")

    with pytest.raises(BadEnvFile, match=r"\.env is not text in UTF-8"):
        read(tmp_path / ".env", {})
