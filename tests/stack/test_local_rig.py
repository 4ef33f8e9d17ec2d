"""The whole rig as processes under supervisord: `make up MODE=local`."""

import pytest

from tests.support.rig_handles import LocalHandle
from tests.support.rig_promises import ASKED_FOR, RigPromises

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    handle = LocalHandle(tmp_path_factory.mktemp("rig"), **ASKED_FOR)
    try:
        handle.verb("up")
        yield handle
    finally:
        handle.verb("down", check=False)


class TestLocalRig(RigPromises):
    """What every rig promises, kept without Docker."""
