"""Who can reach a server, and whether that is wise."""

import ipaddress

from vitalrig.errors import CannotStart


def is_loopback(host: str) -> bool:
    """
    Say whether only this machine reaches what listens on a host.
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def check_exposure(host: str, *, needs_tokens: bool, allow_insecure: bool) -> None:
    """
    Refuse to let other machines in who need not say who they are.

    Raises:
        CannotStart: If they could; the text says what to do.
    """
    if not (is_loopback(host) or needs_tokens or allow_insecure):
        raise CannotStart(
            f"{host} is open to other machines, and nobody needs a token. Make one with `vitalrig "
            "telemetry token NAME --scope admin`, listen on 127.0.0.1, or set allow_insecure"
        )
