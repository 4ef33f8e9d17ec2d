"""A folder of sessions, and `vitalrig sessions` in it."""

import pytest
from typer.testing import CliRunner

from tests.support.sessions import golden_in
from vitalrig.cli.app import app


@pytest.fixture
def folder(tmp_path):
    golden_in(tmp_path / "sessions")
    return tmp_path / "sessions"


@pytest.fixture
def sessions(folder):
    def run(command, *arguments):
        where = ("--sessions-folder", folder)
        return CliRunner().invoke(app, list(map(str, ("sessions", command, *arguments, *where))))

    return run
