"""Waiting for what a camera does, and for what becomes of its signals."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

from vitalrig.signal_state import State
from vitalrig.testing.camera_stream import CameraStream
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.readiness import not_ready
from vitalrig.testing.signal_history import SignalHistory

T = TypeVar("T")

STEP_S = 60.0
"""How long the rig may take for one step before something is broken."""

_LOOK_S, _PAUSE_S = 0.1, 0.01
_SHOWN_CHANGES = 6


class CameraWatch:
    """
    Reads a camera's stream until something is so, or until its server has ended.

    Args:
        process: The camera's server.
        stream: Its envelopes.

    Attributes:
        process: The camera's server.
        stream: Its envelopes.
    """

    def __init__(self, process: ManagedProcess, stream: CameraStream) -> None:
        self.process = process
        self.stream = stream
        self._place = 0

    def history(self) -> SignalHistory:
        """
        Give the history with all that has come by now.
        """
        self.stream.read()
        return self.stream.history

    def look_from(self, time_s: float) -> None:
        """
        Let `meet` begin with what was after *time_s*, or with what is still so.
        """
        moments = self.stream.history.moments
        later = (place for place, moment in enumerate(moments) if moment.time_s > time_s)
        self._place = next(later, len(moments) - 1)

    def meet(self, wanted: Mapping[str, State], within: float) -> bool:
        """
        Wait for the next moment at which signals are so; the next call begins there.

        Args:
            wanted: States by signal.
            within: How long, in seconds of this machine.

        Raises:
            NotReady: If the server has ended.
        """
        history = self.stream.history
        met = self._wait(lambda: _found(history.first(wanted, self._place)), within)
        if not met:
            return False
        (self._place,) = met
        return True

    def see(self, what: str, look: Callable[[], T | None], *, while_time_goes: bool = False) -> T:
        """
        Wait until *look* gives something true.

        Args:
            what: What is waited for, for a message.
            look: Looks; what is new in the stream has been read then.
            while_time_goes: The camera may take as long as it wants, if only its time goes on.

        Raises:
            HarnessError: If it is not so after a minute.
            NotReady: If the server has ended.
        """
        found = self._wait(look, STEP_S, while_time_goes=while_time_goes)
        if not found:
            why = f" ({self.stream.trouble})" if self.stream.trouble else ""
            raise HarnessError(f"{self.process.name}: not within {STEP_S:g} s: {what}{why}")
        return found

    def _wait(
        self, look: Callable[[], T | None], within: float, *, while_time_goes: bool = False
    ) -> T | None:
        deadline_s, moved_s = time.monotonic() + within, -1.0
        self.stream.read()
        while not (found := look()):
            now_s = time.monotonic()
            if while_time_goes and self.stream.history.now_s > moved_s:
                deadline_s, moved_s = now_s + within, self.stream.history.now_s
            if self.process.exit_status is not None:
                self.stream.read()
                if found := look():
                    break
                raise not_ready(self.process.name, "it has to run", self.process)
            if now_s > deadline_s:
                break
            self.stream.read(min(_LOOK_S, max(_PAUSE_S, deadline_s - now_s)))
            time.sleep(_PAUSE_S)
        return found

    def not_met(self, wanted: Mapping[str, State]) -> str:
        """
        Say what the signals were instead, in lines.
        """
        history = self.stream.history
        since_s = history.moments[self._place].time_s
        lines = [f"it was looked at from {since_s:.1f} s to {history.now_s:.1f} s of its own time"]
        for signal in wanted:
            changes = history.changes(signal)
            shown = [f"{each.state} at {each.time_s:.1f} s" for each in changes[-_SHOWN_CHANGES:]]
            earlier = ["..."] if len(changes) > _SHOWN_CHANGES else []
            lines.append(f"{signal}: {', '.join(earlier + shown)}")
        if self.stream.missed:
            lines.append(f"{self.stream.missed} envelopes were gone before they were read")
        if self.stream.trouble:
            lines.append(f"Redis: {self.stream.trouble}")
        return "\n".join(f"  {line}" for line in lines)


def _found(place: int | None) -> tuple[int] | None:
    return None if place is None else (place,)
