"""A stranger's suite, to be run with the plug-in."""

import pytest

from tests.support.suites import OURS, Suite


@pytest.fixture
def suite(pytester, monkeypatch):
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    return Suite(pytester)
