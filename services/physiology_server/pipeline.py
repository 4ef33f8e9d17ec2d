"""Frames in, envelopes out: no clock, no network, the same output for the same frames."""

from collections.abc import Iterator
from typing import Literal

from services.physiology_server.control import Control
from services.physiology_server.core import Core
from services.physiology_server.edge import Edge
from services.physiology_server.envelopes import Outgoing, envelope, of_change
from services.physiology_server.frames import Frame


class Pipeline:
    """
    One run of the Edge graph with its Core.

    Args:
        control: What is recorded, and who hears of a status.
        edge: Makes one payload of each frame.
        core: Makes one payload of each full buffer.
        publish_core: Send core metrics while recording only, or always.
    """

    def __init__(
        self,
        control: Control,
        edge: Edge,
        core: Core,
        publish_core: Literal["recording", "always"],
    ) -> None:
        self._control = control
        self._edge = edge
        self._core = core
        self._always = publish_core == "always"
        self._resets = control.resets

    def step(self, frame: Frame, timestamp_us: int) -> Iterator[Outgoing]:
        """
        Take one frame, which was captured at *timestamp_us*.
        """
        control = self._control
        control.see(frame.status, timestamp_us)
        for change in control.take_changes():
            yield of_change(change)
        if control.resets != self._resets:
            self._resets = control.resets
            self._core.reset()
        yield envelope("edge_metrics", timestamp_us, self._edge.payload(frame, timestamp_us))
        payload = self._core.add(frame, timestamp_us)
        if payload is not None and (control.recording or self._always):
            yield envelope("core_metrics", timestamp_us, payload)

    def pass_on(self, outgoing: Outgoing) -> Iterator[Outgoing]:
        """
        Let an envelope of a recorded session through, by the rules of a fresh one.
        """
        for change in self._control.take_changes():
            yield of_change(change)
        if outgoing.channel != "core_metrics" or self._control.recording or self._always:
            yield outgoing
