"""What a test tells a camera's server over gRPC, from code that knows no event loop."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from vitalrig.errors import VitalrigError
from vitalrig.rpc.client import PhysiologyClient
from vitalrig.testing.harness_errors import HarnessError

T = TypeVar("T")


class CameraControl:
    """
    Calls one server; each call has a connection of its own, and is done when it returns.

    Args:
        address: Where gRPC is, `host:port`.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def set_recording(self, recording: bool, session: str = "") -> None:
        """
        Start or stop a recording.

        Raises:
            HarnessError: If the server does not answer, or refuses.
        """
        _run(self._set_recording(recording, session))

    async def _set_recording(self, recording: bool, session: str) -> None:
        async with PhysiologyClient(self._address, wait_for_ready=True) as client:
            await client.set_recording(recording, session)


def _run(call: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: the test may have an event loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(asyncio.run, call).result()
        except HarnessError:
            raise
        except VitalrigError as exc:
            raise HarnessError(str(exc)) from exc
