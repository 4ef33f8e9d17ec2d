"""A stranger's suite, to be run with the plug-in; and run folders of each test's own."""

import tempfile

import pytest

from tests.support.suites import OURS, Suite
from vitalrig.testing.harness_ports import ReservedPorts


@pytest.fixture
def suite(pytester, monkeypatch):
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Suite(pytester)


@pytest.fixture
def harness_place(tmp_path, monkeypatch):
    """Where this test's rigs have their folders: no other run of the harness sweeps them."""
    ReservedPorts().take()  # ports stay common to all
    monkeypatch.delenv("PYTEST_XDIST_TESTRUNUID", raising=False)  # by which workers share a rig
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path
