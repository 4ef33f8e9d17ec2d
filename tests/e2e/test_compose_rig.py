"""The whole rig in containers: `make up MODE=compose`."""

import pytest

from tests.support.rig_handles import ComposeHandle
from tests.support.rig_promises import ASKED_FOR, RigPromises

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    handle = ComposeHandle(tmp_path_factory.mktemp("rig"), **ASKED_FOR)
    try:
        handle.verb("up")
        yield handle
    finally:
        handle.verb("purge", check=False, YES="1")


class TestComposeRig(RigPromises):
    """What every rig promises, kept under Docker compose."""
