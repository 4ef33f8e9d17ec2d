"""Where a rig's Redis is."""

import pytest

from vitalrig.testing.rig_address import RigAddress


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://localhost", RigAddress("localhost", 6379)),
        ("redis://10.0.0.7:7000/2", RigAddress("10.0.0.7", 7000, database=2)),
        ("redis://:a%40b@rig:1", RigAddress("rig", 1, password="a@b")),
        ("redis://ward:a%2Fb@[::1]:6380", RigAddress("::1", 6380, "ward", "a/b")),
    ],
)
def test_a_url_is_understood_and_written_again(url, address):
    """
    A password may hold any letter.
    """
    assert address == RigAddress.parse(url) == RigAddress.parse(address.url)


def test_a_password_is_shown_nowhere():
    """
    Not where an address is shown, and not where it is printed by chance.
    """
    address = RigAddress.parse("redis://ward:hidden@rig:6379")

    assert "hidden" not in f"{address} {address!r} {address.shown}"
