"""Programs for which permissions count, although the tests may run as root."""

import os
import shutil

import pytest


def for_whom_permissions_count(*command: str) -> list[str]:
    """
    Give a command line that runs *command* without root's right to pass over permissions.
    """
    if os.geteuid() != 0:
        return list(command)
    if shutil.which("setpriv") is None:
        pytest.skip("root cannot give up its rights here: there is no setpriv")
    rights = "-dac_override,-dac_read_search"
    return ["setpriv", "--bounding-set", rights, "--inh-caps", rights, *command]
