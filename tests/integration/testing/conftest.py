"""Suites of a stranger, run folders of each test's own, and the order of the tests here."""

import os
import random
import tempfile

import pytest

from tests.support.suites import Suite
from vitalrig.testing.harness_ports import ReservedPorts


@pytest.fixture
def suite(tmp_path):
    return Suite(tmp_path)


@pytest.fixture(scope="module")
def suite_of_all(tmp_path_factory):
    """One for all tests of a file, which run it once and look at what it said."""
    return Suite(tmp_path_factory.mktemp("suite"))


@pytest.fixture
def harness_place(tmp_path, monkeypatch):
    """Where this test's rigs have their folders: no other run of the harness sweeps them."""
    ReservedPorts().take()  # ports stay common to all
    monkeypatch.delenv("PYTEST_XDIST_TESTRUNUID", raising=False)  # by which workers share a rig
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shuffle all tests with VITALRIG_TEST_SHUFFLE=number, in every worker alike."""
    if seed := os.environ.get("VITALRIG_TEST_SHUFFLE"):
        random.Random(int(seed)).shuffle(items)
