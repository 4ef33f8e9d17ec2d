"""Who may call: TLS, a token, and no open door off this machine by mistake."""

import hmac
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health

from services.physiology_server.rpc.rpc_options import RpcOptions
from services.physiology_server.rpc.unix_socket import check_socket
from vitalrig.errors import BadSettings
from vitalrig.secret_files import first_line

log = logging.getLogger(__name__)

HEADER = "authorization"
SCHEME = "Bearer "
OPEN = f"/{health.SERVICE_NAME}/"
"""Probes have no token, and learn only whether the server serves."""


class RpcSecurity:
    """
    What is checked before every RPC.

    Args:
        options: What was set.

    Raises:
        BadSettings: If a file cannot be used, or the door would be open to the network.
        CannotStart: If another server listens on the Unix socket.
    """

    def __init__(self, options: RpcOptions) -> None:
        self._tls = _tls(options)
        self._token = first_line(options.token_file, "token_file") if options.token_file else None
        if options.socket_path is not None:
            check_socket(options.socket_path)
            return
        if _is_loopback(options.listen_address):
            return
        if self._tls is None and self._token is None and not options.allow_insecure:
            raise BadSettings(
                f"listen_address: {options.listen_address} can be reached from other machines; "
                "set tls_certificate_file and tls_key_file, or token_file, "
                "or allow_insecure if the network is trusted"
            )
        if self._tls is None and self._token is not None:
            log.warning("the token goes over the network in clear text; TLS would hide it")

    def interceptors(self) -> list[grpc.aio.ServerInterceptor]:
        """
        What looks at each call before it is served.
        """
        return [] if self._token is None else [TokenCheck(self._token)]

    def listen(self, server: grpc.aio.Server, address: str) -> int:
        """
        Have *server* listen on *address*.

        Returns:
            The port.

        Raises:
            RuntimeError: If the address cannot be had.
        """
        port: int = (
            server.add_insecure_port(address)
            if self._tls is None
            else server.add_secure_port(address, self._tls)
        )
        return port


# grpc has no type stubs.
class TokenCheck(grpc.aio.ServerInterceptor):  # type: ignore[misc]
    """
    Lets those pass that send `authorization: Bearer TOKEN`; health is open to all.

    Args:
        token: What they must know.
    """

    def __init__(self, token: str) -> None:
        self._expected = (SCHEME + token).encode()

    async def intercept_service(
        self,
        continuation: Callable[[Any], Awaitable[Any]],
        handler_call_details: Any,  # noqa: ANN401  grpc's
    ) -> Any:  # noqa: ANN401  grpc's
        """
        Go on to the RPC, or to a refusal that reads no message of the caller's.
        """
        if handler_call_details.method.startswith(OPEN) or self._knows(
            handler_call_details.invocation_metadata
        ):
            return await continuation(handler_call_details)
        return grpc.stream_stream_rpc_method_handler(_refuse)

    def _knows(self, metadata: Any) -> bool:  # noqa: ANN401  grpc's
        sent = [value for key, value in metadata or () if key.lower() == HEADER]
        if len(sent) != 1:
            return False
        value = sent[0] if isinstance(sent[0], bytes) else sent[0].encode()
        return hmac.compare_digest(value, self._expected)


async def _refuse(_requests: object, context: Any) -> None:  # noqa: ANN401  grpc's
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, f"send metadata `{HEADER}: {SCHEME}TOKEN`")


def _tls(options: RpcOptions) -> grpc.ServerCredentials | None:
    certificate, key = options.tls_certificate_file, options.tls_key_file
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        missing = "tls_key_file" if key is None else "tls_certificate_file"
        raise BadSettings(f"{missing}: is missing; TLS needs a certificate and its key")
    pair = (_read("tls_key_file", key), _read("tls_certificate_file", certificate))
    return grpc.ssl_server_credentials([pair])


def _read(key: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise BadSettings(f"{key}: {path} cannot be read ({exc.strerror})") from exc


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
