"""Who may call the servers: no open door to the network by mistake."""

from pathlib import Path

import pytest

from rig import grpc_door, preflight
from rig.environment import Environment, load
from rig.errors import RigError

ROOT = Path(__file__).resolve().parents[3]


def an_environment(**changes: object) -> Environment:
    given = {name: str(value) for name, value in changes.items()}
    return load(ROOT, {"RIG_ENV_FILE": "/nonexistent", **given})


def checked(**changes):
    """Whether every check passes, and what the last one says."""
    environment = an_environment(**changes)
    checks = preflight.check_door(grpc_door.of_rig(environment), environment)
    return all(check.ok for check in checks), checks[-1]


@pytest.fixture
def token(tmp_path):
    (tmp_path / "token").write_text("secret\n")
    return tmp_path / "token"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_alone_needs_no_token(address):
    """
    The rig starts as it always did.
    """
    assert checked(BIND_ADDRESS=address)[0]


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.20"])
def test_an_open_door_is_refused_with_what_to_do(address):
    """
    Who reaches gRPC can start and stop recordings.
    """
    ok, check = checked(BIND_ADDRESS=address)

    assert not ok
    assert "start and stop recordings" in check.found
    assert "GRPC_TOKEN_FILE" in check.remedy
    assert f"OPEN_TO_NETWORK={address}" in check.remedy


def test_with_a_token_the_network_may_call(token):
    """
    Whoever has it was given it.
    """
    assert checked(BIND_ADDRESS="0.0.0.0", GRPC_TOKEN_FILE=token)[0]


def test_with_tls_the_network_may_call(token):
    """
    A certificate and its key belong together.
    """
    files = {"GRPC_TLS_CERTIFICATE_FILE": token, "GRPC_TLS_KEY_FILE": token}

    assert checked(BIND_ADDRESS="0.0.0.0", **files)[0]
    with pytest.raises(RigError, match="both a certificate and its key"):
        checked(GRPC_TLS_CERTIFICATE_FILE=token)


def test_an_open_door_that_is_meant_is_said_twice():
    """
    Once may be a mistake; another address is one.
    """
    assert checked(BIND_ADDRESS="0.0.0.0", OPEN_TO_NETWORK="0.0.0.0")[0]
    assert not checked(BIND_ADDRESS="0.0.0.0", OPEN_TO_NETWORK="192.168.1.20")[0]
    assert checked(BIND_ADDRESS="::", OPEN_TO_NETWORK="[::]")[0]


def test_the_vendors_server_has_no_token_to_ask_for(token):
    """
    It would not be asked for, and nobody would be told.
    """
    assert not checked(BIND_ADDRESS="0.0.0.0", GRPC_TOKEN_FILE=token, PHYSIOLOGY_IMAGE="vendor:1")[
        0
    ]


def test_a_file_that_is_not_there_is_named(tmp_path):
    """
    The server would end, and say so in its log alone.
    """
    environment = an_environment(GRPC_TOKEN_FILE=tmp_path / "none")

    checks = preflight.check_door(grpc_door.of_rig(environment), environment)

    assert [False, True] == [check.ok for check in checks]
    assert str(tmp_path / "none") in checks[0].found


def test_the_command_line_tool_is_told_what_the_servers_are(token):
    """
    `make record` works with a token and with TLS, in containers and without.
    """
    door = grpc_door.of_rig(
        an_environment(
            GRPC_TOKEN_FILE=token,
            GRPC_TLS_CERTIFICATE_FILE=token,
            GRPC_TLS_KEY_FILE=token,
            GRPC_TLS_NAME="ward.example",
        )
    )

    assert {
        "VITALRIG_RPC_TOKEN_FILE": "/run/secrets/grpc_token",
        "VITALRIG_RPC_CA_FILE": "/run/secrets/grpc_certificate",
        "VITALRIG_RPC_SERVER_NAME": "ward.example",
    } == door.client_variables(in_container=True)
    assert str(token) == door.client_variables(in_container=False)["VITALRIG_RPC_TOKEN_FILE"]
