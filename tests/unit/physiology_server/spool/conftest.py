"""What tests of the spool have."""

import contextlib

import pytest

from tests.support.spooling import Disk


@pytest.fixture
def disk(tmp_path):
    disk = Disk(tmp_path)
    yield disk
    with contextlib.suppress(AttributeError):
        disk.crash()
