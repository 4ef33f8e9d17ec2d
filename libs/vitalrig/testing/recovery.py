"""Whether a rig works again after a fault: what is made now has to come through every part."""

import contextlib
from collections.abc import Iterator
from functools import partial

from vitalrig.redis_keys import envelopes_stream
from vitalrig.testing.metric_samples import samples_of
from vitalrig.testing.readiness import Check, page, redis_trouble, wait_for_checks
from vitalrig.testing.running_rig import RunningRig

RECOVERED_S = 180.0
"""How long a rig may take: what was away waits a little longer each time before it asks again."""


def wait_recovered(rig: RunningRig, timeout: float = RECOVERED_S) -> None:
    """
    Wait until what is made from now on has come through every part of a rig.

    Raises:
        NotReady: If it does not within *timeout* seconds, or a service has ended.
    """
    wait_for_checks(_checks(rig), rig.processes, timeout)
    rig.wait_ready(timeout)


def _checks(rig: RunningRig) -> Iterator[Check]:
    """Give what has to be seen, each when the one before has been."""
    yield Check("redis", "it has to answer", partial(redis_trouble, rig.address))
    if prefix := rig.description.prefix:
        last = _last(rig, prefix)
        yield Check(
            "physiology_server",
            f"a new envelope has to be in {envelopes_stream(prefix)}",
            lambda: "" if _last(rig, prefix) != last else f"the last is {last or 'none'}",
        )
    if prefix and rig.description.exporter:
        counted = _counted(rig, prefix)
        yield Check(
            "exporter",
            "its page has to show new envelopes that the collector reports",
            lambda: "" if _counted(rig, prefix) not in {0.0, counted} else f"it shows {counted:g}",
        )


def _last(rig: RunningRig, prefix: str) -> str:
    from vitalrig.redis_client import REDIS_ERRORS  # noqa: PLC0415  slow to import

    with contextlib.suppress(*REDIS_ERRORS), contextlib.closing(rig.address.client()) as client:
        for number, _ in client.xrevrange(envelopes_stream(prefix), count=1) or ():
            return number.decode() if isinstance(number, bytes) else str(number)
    return ""


def _counted(rig: RunningRig, prefix: str) -> float:
    with contextlib.suppress(OSError):
        return sum(
            sample.value
            for sample in samples_of(page(f"{rig.description.exporter}/metrics"))
            if sample.name == "vitalrig_envelopes_received_total"
            and sample.labels.get("camera") == prefix
        )
    return 0.0
