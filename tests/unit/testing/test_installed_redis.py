"""Which Redis a rig under test runs."""

import pytest

from vitalrig.testing.installed_redis import find_redis, redis_programs


@pytest.fixture
def a_program(tmp_path, monkeypatch):
    """Put a program in a folder that is all of PATH; it says a version of its own."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def a_program(name, version):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho 'server v={version} sha=0'\n")
        path.chmod(0o755)
        return path

    return a_program


def in_folder(programs, folder):
    return [program for program in programs if program.parent == folder]


def test_every_server_in_path_is_named_and_redis_is_taken_first(a_program, tmp_path):
    """
    Who tests against each make asks for all of them.
    """
    valkey, redis = a_program("valkey-server", "8.1.0"), a_program("redis-server", "7.0.15")

    assert [redis, valkey] == in_folder(redis_programs(), tmp_path)
    assert redis == find_redis()


def test_a_server_that_is_too_old_is_left_out(a_program, tmp_path):
    """
    It lacks what the services ask of it.
    """
    a_program("redis-server", "6.0.16")

    assert [] == in_folder(redis_programs(), tmp_path)
