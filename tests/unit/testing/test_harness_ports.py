"""Ports that a rig gets: nobody else's, and not those of outgoing connections."""

import socket
import subprocess
import sys

import pytest

from vitalrig.testing import harness_ports
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.harness_ports import ReservedPorts, is_free

TAKE = """
import sys
from vitalrig.testing import harness_ports
harness_ports.candidates = lambda: [int(word) for word in sys.argv[1:]]
print(harness_ports.ReservedPorts().take())
"""


@pytest.fixture
def ports():
    ports = ReservedPorts()
    yield ports
    ports.release()


@pytest.fixture
def others():
    others = ReservedPorts()
    yield others
    others.release()


@pytest.fixture
def few(monkeypatch, others):
    """Three ports in a row that nobody has now; there are no others."""
    first = others.take_row(3)
    others.release()
    few = [first, first + 1, first + 2]
    monkeypatch.setattr(harness_ports, "candidates", lambda: few)
    return few


def test_a_port_is_free_and_none_of_outgoing_connections(ports):
    """
    Any of those may be taken while a service is down for a moment.
    """
    port = ports.take()

    assert is_free(port)
    assert port in harness_ports.candidates()


def test_no_port_is_given_twice_until_it_is_given_back(ports, others, few):
    """
    Two rigs of one process.
    """
    assert set(few) == {ports.take(), others.take(), ports.take()}
    with pytest.raises(HarnessError, match="no port"):
        others.take()

    ports.release()
    assert others.take() in few


def test_another_process_gets_none_that_is_taken_here(ports, few):
    """
    The workers of one test run, or somebody else's tests on the same machine.
    """
    had = {ports.take(), ports.take()}
    command = [sys.executable, "-c", TAKE, *map(str, few)]

    ended = subprocess.run(command, capture_output=True, text=True, check=True)

    assert set(few) - had == {int(ended.stdout)}


def test_a_port_on_which_somebody_listens_is_not_given(ports, few):
    """
    Whoever listens has reserved nothing.
    """
    with socket.create_server(("127.0.0.1", few[0])):
        assert set(few[1:]) == {ports.take(), ports.take()}


def test_a_row_is_given_whole_or_not_at_all(ports, others, few):
    """
    What was reserved on the way to a row that cannot be had is for others.
    """
    with (
        socket.create_server(("127.0.0.1", few[2])),
        pytest.raises(HarnessError, match="no row of 3 ports"),
    ):
        ports.take_row(3)

    assert few[0] == others.take_row(3)
