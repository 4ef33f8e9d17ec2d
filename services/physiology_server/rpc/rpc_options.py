"""What the gRPC side can be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

OWN_SERVICE = "vitalrig.rpc.Physiology"
UNIX = "unix"
MOST_MESSAGE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RpcOptions:
    """
    Where to listen, under which names, and who may call.

    Attributes:
        listen_address: Address to listen on, without the port; or `unix:` and the path of a
            socket.
        port: Port; 0 takes a free one. A Unix socket has none.
        rpc_service_name: Full name of the service. With descriptors given, the service among
            them that is meant; without, our own service under that name, beside its usual one.
        rpc_method_names: For an RPC of ours, such as `SetRecording`, its name on the wire.
        rpc_descriptors: A FileDescriptorSet of another service, in a file, with its imports.
        rpc_module: The same as generated Python code: name of a module to import.
        tls_certificate_file: Chain of certificates in PEM; with it, TLS is spoken.
        tls_key_file: The certificate's private key in PEM.
        token_file: File whose first line every caller must know.
        allow_insecure: Listen on any address without TLS and without a token.
        max_message_bytes: Longest message that holds a frame. Others are bounded by
            `message_limits`.
    """

    listen_address: str = "127.0.0.1"
    port: int = 50051
    rpc_service_name: str = OWN_SERVICE
    rpc_method_names: Mapping[str, str] = field(default_factory=dict)
    rpc_descriptors: Path | None = None
    rpc_module: str = ""
    tls_certificate_file: Path | None = None
    tls_key_file: Path | None = None
    token_file: Path | None = None
    allow_insecure: bool = False
    max_message_bytes: int = MOST_MESSAGE_BYTES

    @property
    def socket_path(self) -> Path | None:
        """
        Where the Unix socket is; None if a port is listened on.
        """
        scheme, _, path = self.listen_address.partition(":")
        return Path(path) if scheme == UNIX else None

    @property
    def address(self) -> str:
        """
        Where to listen, as gRPC writes it.
        """
        host = self.listen_address
        if self.socket_path is not None:
            return host
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        return f"{host}:{self.port}"
