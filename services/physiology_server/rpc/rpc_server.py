"""The gRPC server: our service, another maker's beside it, health and reflection."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.physiology_server.publishing.subscribers import Subscribers
from services.physiology_server.rpc import descriptors
from services.physiology_server.rpc.binding import bind
from services.physiology_server.rpc.log_stream import LogStream
from services.physiology_server.rpc.message_limits import LARGEST_REQUEST_BYTES, MessageLimits
from services.physiology_server.rpc.method_matching import MethodMatching, canonical_verb, match
from services.physiology_server.rpc.operations import Operations
from services.physiology_server.rpc.rpc_options import OWN_SERVICE, RpcOptions
from services.physiology_server.rpc.rpc_security import RpcSecurity
from services.physiology_server.rpc.stream_service import StreamService
from vitalrig.errors import BadSettings, CannotStart

log = logging.getLogger(__name__)

KEEPALIVE_MS = 20_000
KEEPALIVE_TIMEOUT_MS = 10_000
SHORTEST_PING_MS = 1_000
"""
So often clients may ask whether we are there, also on a quiet stream. No gRPC library lets them
ask more often than every 10 s, and many do ask as often; gRPC's own limit is five minutes.
"""
UNREAD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Served:
    """A service, and what its RPCs are to us."""

    service: ServiceDescriptor
    matching: MethodMatching


class RpcServer:
    """
    Serves gRPC on the event loop that starts it.

    Our own service is always there under its usual name; others are served beside it.

    Args:
        options: Where, under which names, and for whom.
        verbs: What is done for a request.
        subscribers: Where streams come from.

    Raises:
        BadSettings: If *options* cannot work.
    """

    def __init__(self, options: RpcOptions, verbs: Operations, subscribers: Subscribers) -> None:
        self._options = options
        self._security = RpcSecurity(options)
        self._verbs = verbs
        self._subscribers = subscribers
        self._served = served(options)
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None
        self._logs: LogStream | None = None

    async def start(self) -> int:
        """
        Listen and serve.

        Returns:
            The port; of a Unix socket gRPC says 1.

        Raises:
            CannotStart: If the port is taken.
        """
        options = self._options
        server = grpc.aio.server(
            interceptors=[
                *self._security.interceptors(),
                MessageLimits(self._uploads(), are_all_small=not self._verbs.takes_uploads),
            ],
            options=[
                ("grpc.so_reuseport", 0),
                ("grpc.max_receive_message_length", self._largest_bytes()),
                # Of what waits to be read as much is taken, and the rest is left with the client.
                ("grpc.http2.bdp_probe", 0),
                ("grpc.http2.lookahead_bytes", UNREAD_BYTES),
                ("grpc.http2.min_ping_interval_without_data_ms", SHORTEST_PING_MS),
                ("grpc.keepalive_permit_without_calls", 1),
                # A reader whose machine went away is found out, and its queue with it.
                ("grpc.keepalive_time_ms", KEEPALIVE_MS),
                ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
            ],
        )
        streams = StreamService(self._verbs.state, self._verbs.source, self._subscribers)
        for one in self._served:
            handler = bind(one.service, one.matching, self._verbs, streams)
            server.add_generic_rpc_handlers((handler,))
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        names = [one.service.full_name for one in self._served]
        reflection.enable_server_reflection(
            (*names, health.SERVICE_NAME, reflection.SERVICE_NAME),
            server,
            descriptors.Pools(descriptors.pools(one.service for one in self._served)),
        )
        try:
            port = self._security.listen(server, options.address)
        except RuntimeError as exc:
            raise CannotStart(f"{options.address} cannot be listened on; is it taken?") from exc
        await server.start()
        for name in ("", *names):
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        self._server = server
        self._logs = LogStream(self._subscribers, asyncio.get_running_loop())
        logging.getLogger().addHandler(self._logs)
        return port

    def _uploads(self) -> dict[str, bool]:
        """
        Path of each RPC that takes frames, and whether one call has many.
        """
        return {
            f"/{one.service.full_name}/{method.name}": method.client_streaming
            for one in self._served
            for method in one.service.methods
            if one.matching.verbs.get(method.name) == "UploadFrames"
        }

    def _largest_bytes(self) -> int:
        """
        What gRPC refuses of any RPC: messages may be as large as frames only if frames come so.
        """
        if not self._verbs.takes_uploads:
            return LARGEST_REQUEST_BYTES
        return max(self._options.max_message_bytes, LARGEST_REQUEST_BYTES)

    @property
    def socket(self) -> str:
        """
        The Unix socket that is listened on; empty if it is a port.
        """
        return str(self._options.socket_path or "")

    async def leave(self) -> None:
        """
        Tell whoever watches health that this server will not serve much longer.
        """
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_s: float) -> None:
        """
        End the streams after what waits in them, and calls that run after *grace_s*.
        """
        if self._logs is not None:
            logging.getLogger().removeHandler(self._logs)
        self._subscribers.close()
        if self._server is not None:
            await self._server.stop(grace_s)


def served(options: RpcOptions) -> tuple[Served, ...]:
    """
    All services that *options* ask for.

    Raises:
        BadSettings: If one cannot be found or understood.
    """
    own = Served(descriptors.OWN, match(descriptors.OWN, {}))
    other = _other(options)
    if other is None:
        return (own,)
    _tell(other)
    return (own, other) if other.service.full_name != OWN_SERVICE else (other,)


def _other(options: RpcOptions) -> Served | None:
    told = {canonical_verb(verb): name for verb, name in options.rpc_method_names.items()}
    found = _found(options)
    if found is None:
        if options.rpc_service_name == OWN_SERVICE and not told:
            return None
        service = descriptors.renamed(options.rpc_service_name, told)
        return Served(service, match(service, told))
    known = {service.full_name: len(match(service, {}).verbs) for service in found}
    service = descriptors.pick(found, options.rpc_service_name, OWN_SERVICE, known)
    return Served(service, match(service, told))


def _found(options: RpcOptions) -> Sequence[ServiceDescriptor] | None:
    if options.rpc_descriptors is not None and options.rpc_module:
        raise BadSettings("rpc_module: rpc_descriptors is set too; one of them is enough")
    if options.rpc_descriptors is not None:
        return descriptors.of_file(options.rpc_descriptors)
    if options.rpc_module:
        return descriptors.of_module(options.rpc_module)
    return None


def _tell(other: Served) -> None:
    verbs, unknown = other.matching.verbs, other.matching.unknown
    log.info("another service is served", extra={"service": other.service.full_name, "is": verbs})
    if unknown:
        log.warning(
            "some RPCs are not known; rpc_method_names can tell",
            extra={"service": other.service.full_name, "rpcs": unknown},
        )
