"""Frames in, envelopes out: no clock, no network, the same output for the same frames."""

from collections.abc import Iterator
from typing import Any, Literal, Protocol

from services.physiology_server.control import Control
from services.physiology_server.envelopes import Outgoing, envelope, of_change
from services.physiology_server.signals.edge import Edge
from services.physiology_server.signals.frame import Frame
from smartspectra.ipc.wire.channels import CORE_METRICS, STATUS
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope
from vitalrig.statuses import StatusCode


class TakesFrames(Protocol):
    """Core, or something before it."""

    def add(self, frame: Frame, timestamp_us: int) -> dict[str, Any] | None:
        """Take a frame; give a payload when the buffer is full with it."""
        ...

    def reset(self) -> None:
        """Forget all frames."""
        ...


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
        core: TakesFrames,
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

        A recorded status is the server's own from then on. Sessions seldom hold one; metrics
        without any say at least that frames were processed, so the status is `OK` with the first.
        """
        control = self._control
        if outgoing.channel == STATUS:
            self._take_over(outgoing)
        elif control.status == StatusCode.PROCESSING_NOT_STARTED:
            control.see(StatusCode.OK, _stamp_us(outgoing, control.status_timestamp_us))
        for change in control.take_changes():
            yield of_change(change)
        if outgoing.channel != CORE_METRICS or control.recording or self._always:
            yield outgoing

    def _take_over(self, outgoing: Outgoing) -> None:
        """
        Make a recorded status the present one. Its own envelope tells subscribers.
        """
        control = self._control
        try:
            status = _code(Envelope.parse(outgoing.envelope).payload)
        except BadEnvelope:
            return
        if status is not None and status != control.status:
            control.status = status
            control.status_timestamp_us = _stamp_us(outgoing, control.status_timestamp_us)


def _stamp_us(outgoing: Outgoing, otherwise_us: int) -> int:
    try:
        stamp_us = Envelope.parse(outgoing.envelope).timestamp_us
    except BadEnvelope:
        return otherwise_us
    return otherwise_us if stamp_us is None else stamp_us


def _code(payload: Any) -> StatusCode | None:  # noqa: ANN401
    """
    The code in a status payload: a name or a number, bare or under `value`.
    """
    value = payload
    if isinstance(payload, dict):
        # Protobuf's JSON leaves out zeros, and OK is 0.
        value = payload.get("value", 0 if "timestamp" in payload else None)
    if isinstance(value, str):
        return StatusCode.__members__.get(value)
    known = isinstance(value, int) and not isinstance(value, bool) and value in list(StatusCode)
    return StatusCode(value) if known else None
