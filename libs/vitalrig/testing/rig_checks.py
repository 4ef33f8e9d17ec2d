"""What the parts of a rig have to have done before it is ready."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from vitalrig.redis_keys import envelopes_stream
from vitalrig.testing import readiness
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.readiness import Check
from vitalrig.testing.rig_address import RigAddress
from vitalrig.testing.rig_description import RigDescription
from vitalrig.testing.service_flags import health_file

READY_S = 120.0
"""How long a rig or a part of it may take, if nobody says otherwise."""


def checks_of(rig: RigDescription) -> Iterator[Check]:
    """
    Give the checks of a rig, in the order in which an envelope goes through it.
    """
    address = RigAddress.parse(rig.redis)
    if not address.password:
        yield Check("redis", "it has to answer", partial(readiness.redis_trouble, address))
    if rig.prefix:
        yield from _camera_checks(rig, address)
    if rig.prefix and rig.exporter and rig.folder:
        yield health_check("collector", Path(rig.folder))
    if rig.exporter:
        page = f"{rig.exporter}/metrics"
        yield Check(
            "exporter",
            "its page has to show what the collector reports",
            partial(readiness.page_trouble, page, rig.prefix),
        )


def _camera_checks(rig: RigDescription, address: RigAddress) -> Iterator[Check]:
    stream = envelopes_stream(rig.prefix)
    yield Check(
        "physiology_server",
        f"an envelope has to be in {stream}",
        partial(readiness.envelope_trouble, address, stream),
    )
    if rig.physiology_server:
        grpc = f"grpc://{rig.physiology_server}"
        yield Check(
            "physiology_server",
            "gRPC has to say that it serves",
            partial(readiness.health_trouble, grpc),
        )


def health_check(name: str, folder: Path) -> Check:
    """
    Give the check that a process of a rig says that it is well.
    """
    path = health_file(name, folder)
    return Check(
        name, "it has to say that it is well", partial(readiness.health_file_trouble, path)
    )


def wait_well(process: ManagedProcess) -> None:
    """
    Wait until one service says that it is well.

    Raises:
        NotReady: If it does not in time, or has ended.
    """
    check = health_check(process.name, process.log_path.parent)
    readiness.wait_for_checks([check], {process.name: process}, READY_S)
