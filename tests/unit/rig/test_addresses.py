"""Addresses: as they are bound, as they are reached, and as they stand before a port."""

from pathlib import Path

import pytest

from rig import addresses, report
from rig.environment import load
from rig.errors import RigError
from rig.fleet import wanted

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("192.168.1.20", "192.168.1.20"),
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
        ("::", "[::1]"),
        ("2001:db8::7", "[2001:db8::7]"),
    ],
)
def test_the_rig_is_asked_where_it_listens(written, asked):
    """
    `make record` and the printed addresses work with every BIND_ADDRESS, also of IPv6.
    """
    environment = load(ROOT, {"RIG_ENV_FILE": "/nonexistent", "BIND_ADDRESS": written})

    assert asked == environment.host
    assert f"http://{asked}:8317/metrics" in report.ready(
        environment, wanted(environment), "local", [], {}
    )


def test_a_bind_address_that_is_none_is_refused_by_name():
    """
    A host's name would be understood by some programs and not by others.
    """
    with pytest.raises(RigError, match="BIND_ADDRESS is 'ward-2'"):
        addresses.bound("ward-2")
