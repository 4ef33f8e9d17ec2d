"""The words for a picture's status."""

from vitalrig.rpc.status_pb2 import StatusCode as WireCode
from vitalrig.statuses import StatusCode


def test_a_status_has_the_name_and_the_number_that_it_has_on_the_wire():
    """
    A code goes out over gRPC as it is, and comes back to whoever reads names.
    """
    assert dict(WireCode.items()) == {code.name: code.value for code in StatusCode}
