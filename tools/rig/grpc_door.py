"""
Who may call the servers over gRPC: a token, TLS, and no open door to the network by mistake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rig import addresses
from rig.environment import Environment
from rig.errors import RigError

# Setting of the server, variable of the rig, name of the file in a container.
_FILES = (
    ("token_file", "GRPC_TOKEN_FILE", "grpc_token"),
    ("tls_certificate_file", "GRPC_TLS_CERTIFICATE_FILE", "grpc_certificate"),
    ("tls_key_file", "GRPC_TLS_KEY_FILE", "grpc_key"),
)


@dataclass(frozen=True)
class GrpcDoor:
    """
    What protects the servers.

    Attributes:
        files: Setting of the server to the file that is meant.
        name: The name that the certificate is for; empty where that is the address.
        said_twice: Whether the network is trusted, in two places.
        is_open: Whether other machines reach it.
    """

    files: Mapping[str, Path]
    name: str
    said_twice: bool
    is_open: bool

    @property
    def is_guarded(self) -> bool:
        """Whether a caller needs a token, or reads what it says through TLS."""
        return "token_file" in self.files or "tls_certificate_file" in self.files

    def container_files(self) -> dict[str, Path]:
        """Name of each file in a container, to the file that is mounted there."""
        return {name: self.files[key] for key, _, name in _FILES if key in self.files}

    def settings(self, *, in_container: bool) -> dict[str, str]:
        """What each server is told."""
        return {
            key: f"/run/secrets/{name}" if in_container else str(self.files[key])
            for key, _, name in _FILES
            if key in self.files
        }

    def client_variables(self, *, in_container: bool) -> dict[str, str]:
        """What the command line tool is told."""
        told = self.settings(in_container=in_container)
        names = {"token_file": "TOKEN_FILE", "tls_certificate_file": "CA_FILE"}
        found = {f"VITALRIG_RPC_{names[key]}": told[key] for key in names if key in told}
        if self.name:
            found["VITALRIG_RPC_SERVER_NAME"] = self.name
        return found


def of_rig(environment: Environment) -> GrpcDoor:
    """
    Return what the variables say.

    Raises:
        RigError: If they contradict each other.
    """
    files = {
        key: environment.path(variable) for key, variable, _ in _FILES if environment[variable]
    }
    if ("tls_certificate_file" in files) != ("tls_key_file" in files):
        raise RigError(
            "TLS needs both a certificate and its key: set GRPC_TLS_CERTIFICATE_FILE and "
            "GRPC_TLS_KEY_FILE, or neither."
        )
    bound, again = environment["BIND_ADDRESS"], environment["OPEN_TO_NETWORK"]
    said_twice = bool(again) and addresses.bound(again, "OPEN_TO_NETWORK") == bound
    return GrpcDoor(
        files, environment["GRPC_TLS_NAME"], said_twice, not addresses.is_loopback(bound)
    )
