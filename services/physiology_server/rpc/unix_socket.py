"""A Unix socket in place of a port: what gRPC does not say of one that cannot be had."""

import socket
from pathlib import Path

from vitalrig.errors import BadSettings, CannotStart

LONGEST_PATH_BYTES = 107
"""What the system has room for."""


def check_socket(path: Path) -> None:
    """
    Refuse a socket that cannot be listened on. One that a killed server left does no harm.

    Raises:
        BadSettings: If there can be no socket of that path.
        CannotStart: If another server listens on it; gRPC would take it away from that one.
    """
    length = len(bytes(path.absolute()))
    if length > LONGEST_PATH_BYTES:
        raise BadSettings(
            f"listen_address: the path of a socket has at most {LONGEST_PATH_BYTES} bytes; "
            f"{path.absolute()} has {length}"
        )
    if not path.parent.is_dir():
        raise BadSettings(f"listen_address: there is no folder {path.parent} for the socket")
    if path.exists() and not path.is_socket():
        raise BadSettings(f"listen_address: {path} is there and is not a socket")
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return
    raise CannotStart(f"another server listens on {path}")
