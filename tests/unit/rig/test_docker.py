"""What docker and docker compose say, understood."""

import json

import pytest

from rig import compose_state
from rig.compose_state import ServiceState
from rig.docker import Container, version_numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2.26.1-4", (2, 26, 1)),
        ("v2.40.3", (2, 40, 3)),
        ("20.10.24+dfsg1", (20, 10, 24)),
        ("28.0", (28, 0)),
        ("unknown", ()),
    ],
)
def test_versions_compare_as_numbers(text, numbers):
    """
    2.9 is older than 2.24, whatever the packager added to it.
    """
    assert numbers == version_numbers(text)


def test_the_ports_of_a_running_container_are_known():
    """
    A port that the rig itself holds is not taken.
    """
    line = "exporter\t/home/me/vitalrig\t127.0.0.1:8317->8317/tcp, [::1]:8318->8318/tcp, 99/tcp"

    assert Container("exporter", "/home/me/vitalrig", frozenset({8317, 8318})) == Container.parse(
        line
    )


@pytest.mark.parametrize("form", ["array", "lines"])
def test_both_forms_of_compose_ps_are_understood(form):
    """
    Compose changed from one array to one object a line with 2.21.
    """
    rows = [{"Service": "redis"}, {"Service": "collector"}]
    text = json.dumps(rows) if form == "array" else "\n".join(json.dumps(row) for row in rows)

    assert rows == compose_state.parse(text)


def test_a_service_that_fails_says_which_check():
    """
    `make up` names the failing check, not only the service.
    """
    state = ServiceState("collector", "running", "unhealthy", 0, "redis: refused the password")

    assert not state.is_healthy
    assert "redis: refused the password" in state.complaint()


def test_a_service_that_ended_says_how():
    """
    The exit status tells bad settings from a wedged process.
    """
    state = ServiceState("collector", "exited", "", 2)

    assert not state.is_healthy
    assert "exit status 2" in state.complaint()
