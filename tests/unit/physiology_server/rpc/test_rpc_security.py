"""Which doors may be open."""

import logging

import pytest

from services.physiology_server.rpc.rpc_options import RpcOptions
from services.physiology_server.rpc.rpc_security import RpcSecurity
from vitalrig.errors import BadSettings


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.write_text("secret\n")
    return path


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_a_door_to_this_machine_alone_needs_no_lock(address):
    """
    As the examples start it.
    """
    assert [] == RpcSecurity(RpcOptions(listen_address=address)).interceptors()


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "192.168.1.10", "fd00::1", "bench.example", ""]
)
def test_an_open_door_to_the_network_is_refused_with_what_to_do(address):
    """
    Vital signs of a person are nobody else's business.
    """
    with pytest.raises(
        BadSettings, match=r"listen_address.*tls_certificate_file.*token_file.*allow_insecure"
    ):
        RpcSecurity(RpcOptions(listen_address=address))


def test_an_open_door_can_be_asked_for():
    """
    Within a container the network is the container's own.
    """
    options = RpcOptions(listen_address="0.0.0.0", allow_insecure=True)

    assert [] == RpcSecurity(options).interceptors()


def test_a_token_without_tls_is_let_through_with_a_warning(token_file, caplog):
    """
    It is readable on the way.
    """
    with caplog.at_level(logging.WARNING):
        RpcSecurity(RpcOptions(listen_address="0.0.0.0", token_file=token_file))

    assert ["the token goes over the network in clear text; TLS would hide it"] == caplog.messages


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"token_file": "missing"}, "token_file: .*missing cannot be read"),
        ({"token_file": "empty"}, "token_file: .*empty has nothing in its first line"),
        ({"tls_certificate_file": "empty"}, "tls_key_file: is missing"),
        ({"tls_key_file": "empty"}, "tls_certificate_file: is missing"),
        (
            {"tls_certificate_file": "missing", "tls_key_file": "empty"},
            "tls_certificate_file: .*missing cannot be read",
        ),
    ],
    ids=["no file", "no token", "no key", "no certificate", "unreadable"],
)
def test_what_cannot_guard_stops_the_server(tmp_path, options, words):
    """
    Rather than to serve without it.
    """
    (tmp_path / "empty").write_text("\n")
    paths = {key: tmp_path / name for key, name in options.items()}

    with pytest.raises(BadSettings, match=words):
        RpcSecurity(RpcOptions(**paths))


@pytest.mark.parametrize(
    ("host", "expected"), [("::", "[::]:7"), ("[::1]", "[::1]:7"), ("0.0.0.0", "0.0.0.0:7")]
)
def test_an_address_is_written_as_grpc_reads_it(host, expected):
    """
    IPv6 has colons of its own.
    """
    assert expected == RpcOptions(listen_address=host, port=7).address
