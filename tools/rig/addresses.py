"""
Addresses: as they are bound, as they are reached, and as they are written before a port.
"""

import ipaddress

from rig.errors import RigError


def bound(text: str, variable: str = "BIND_ADDRESS") -> str:
    """
    Return the address that *text* names, IPv6 without the brackets that it may have.

    Args:
        text: The address.
        variable: Which variable has it, for the message.

    Raises:
        RigError: If it is not an IP address.
    """
    try:
        return str(ipaddress.ip_address(text.removeprefix("[").removesuffix("]")))
    except ValueError as exc:
        raise RigError(
            f"{variable} is {text!r}; it has to be an IP address of this machine, "
            "such as 127.0.0.1 or ::1."
        ) from exc


def reached(address: str) -> str:
    """
    Return where a program on this machine reaches what is bound to *address*.
    """
    if not ipaddress.ip_address(address).is_unspecified:
        return address
    return "::1" if ":" in address else "127.0.0.1"


def is_loopback(address: str) -> bool:
    """
    Whether only this machine reaches what is bound to *address*.
    """
    return ipaddress.ip_address(address).is_loopback


def before_port(address: str) -> str:
    """
    Return *address* as it is written before a colon and a port.
    """
    return f"[{address}]" if ":" in address else address
