"""Where the rig keeps what it records."""

from pathlib import Path

import pytest

from vitalrig.dotenv import BadEnvFile
from vitalrig.sessions_folder import sessions_folder


@pytest.mark.parametrize(
    ("environ", "text", "expected"),
    [
        ({}, None, "data/sessions"),
        ({"DATA_DIR": "/big"}, None, "/big/sessions"),
        ({}, "DATA_DIR=/big # the large disk", "/big/sessions"),
        ({"DATA_DIR": "/other"}, "DATA_DIR=/big", "/other/sessions"),
        ({"HOME": "/home/me"}, "DATA_DIR=${HOME}/rig", "/home/me/rig/sessions"),
        ({"DATA_DIR": ""}, "REDIS_PORT=1", "data/sessions"),
    ],
    ids=["nothing", "environment", ".env", "environment first", "variable", "set to nothing"],
)
def test_data_dir_counts_as_it_does_for_the_rig(tmp_path, environ, text, expected):
    """
    Whoever moved the recordings finds them.
    """
    if text is not None:
        (tmp_path / ".env").write_text(text)

    assert Path(expected) == sessions_folder(environ, tmp_path / ".env")


def test_a_line_that_is_not_understood_is_refused(tmp_path):
    """
    As by the rig: another folder than that which is meant may hold another rig's recordings.
    """
    (tmp_path / ".env").write_text("DATA_DIR: /big")

    with pytest.raises(BadEnvFile, match="line 1"):
        sessions_folder({}, tmp_path / ".env")
