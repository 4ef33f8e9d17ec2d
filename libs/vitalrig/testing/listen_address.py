"""Where the services of a rig listen: on this machine alone, or as in a container."""

from dataclasses import dataclass
from typing import Any

from vitalrig.testing.harness_ports import ReservedPorts

USUAL_PORTS = {"redis": 6379, "physiology_server": 50051, "exporter": 8317}
"""The ports of a rig by the names of its services, where they are nobody else's."""

_OWN = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """
    Where the services of a rig listen.

    On 127.0.0.1 they take ports that are free. At any other address, which is for containers and
    the like, they take the usual ones; whoever reaches them may do everything.

    Attributes:
        host: The address.
    """

    host: str = _OWN

    @property
    def is_own(self) -> bool:
        """
        Whether nobody but this machine reaches it.
        """
        return self.host == _OWN

    def port(self, service: str, ports: ReservedPorts) -> int:
        """
        Give the port of a service.

        Raises:
            HarnessError: If none is free.
        """
        return ports.take() if self.is_own else USUAL_PORTS[service]

    @property
    def redis_options(self) -> dict[str, str]:
        """
        What redis-server is told of it.
        """
        return {"bind": self.host} | ({} if self.is_own else {"protected-mode": "no"})

    @property
    def server_settings(self) -> dict[str, Any]:
        """
        What physiology_server is told of it.
        """
        return {"listen_address": self.host} | ({} if self.is_own else {"allow_insecure": True})


THIS_MACHINE = ListenAddress()
