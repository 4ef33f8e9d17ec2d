"""Free ports for a test's own servers: nobody else's until this process ends."""

from vitalrig.testing.harness_ports import ReservedPorts

_OURS = ReservedPorts()
free_port = _OURS.take
free_ports_in_a_row = _OURS.take_row
