"""What happens to one camera and its recordings, said as events."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from services.collector.transport.base import ReceivedEnvelope
from smartspectra.ipc.session.manifest import reasons_of
from smartspectra.ipc.session.parts import CONTINUED_IN, PART_NUMBER, PART_OF
from vitalrig.clock import Clock
from vitalrig.events import Emitter
from vitalrig.harmless import harmless

LONGEST_STATUS = 200


class RecordingEvents:
    """
    Says what the collector sees.

    What a collector that crashed may see again, as the stream gives it again, bears the same key
    each time.

    Args:
        events: Where it is said.
        camera: The camera.
        clock: What tells the time.
    """

    def __init__(self, events: Emitter, camera: str, clock: Clock) -> None:
        self._events = events
        self._camera = camera
        self._clock = clock
        self._status = ""
        self._paused_at_s: float | None = None

    def start(
        self, session_id: str, at: ReceivedEnvelope, stamp_us: int | None, *, joined: bool = False
    ) -> None:
        """
        A recording began.
        """
        data = {"timestamp_us": stamp_us, "joined": joined}
        self._say("recording.started", data, session_id, self._key(at, "start", session_id))

    def stop(self, session_id: str, at: ReceivedEnvelope, why: str = "") -> None:
        """
        A recording ended.
        """
        self._say("recording.stopped", {"why": why}, session_id, self._key(at, "stop", session_id))

    def close(self, manifest: Mapping[str, Any]) -> None:
        """
        A recording's files are finished.
        """
        data = {
            "verdict": manifest["verdict"],
            "complete": manifest["complete"],
            "reasons": reasons_of(manifest),
            "part": manifest.get(PART_NUMBER, 1),
            "goes_on": CONTINUED_IN in manifest,
            "duration_s": (manifest["stopped_at_ms"] - manifest["started_at_ms"]) / 1_000,
            "envelopes": manifest["envelopes"]["total"],
            "missing": manifest["gaps"]["missing_envelopes"],
            "bytes": manifest["bytes"],
        }
        key = self._digest("closed", manifest["session_id"], manifest["sha256"], data["verdict"])
        self._say("session.closed", data, manifest.get(PART_OF) or manifest["session_id"], key)

    def miss(self, arrival: ReceivedEnvelope, why: str) -> None:
        """
        Envelopes before *arrival* never came.
        """
        data = {"missing": arrival.missing, "within_s": round(arrival.gap_s, 3), "why": why}
        self._say("envelopes.missing", data, key=self._key(arrival, "missing"))

    def show_status(self, status: str, arrival: ReceivedEnvelope) -> None:
        """
        The camera says its status; that is said if it is another one.
        """
        status = harmless(status)[:LONGEST_STATUS]
        if status != self._status:
            data = {"status": status, "was": self._status}
            self._status = status
            self._say("status.changed", data, key=self._key(arrival, "status"))

    def show_pause(self, why: str | None) -> None:
        """
        The open recording is not written because of *why*; None if it is, or if none is open.
        """
        if why is not None and self._paused_at_s is None:
            self._paused_at_s = self._clock.monotonic_s()
            self._say("recording.paused", {"why": why})
        elif why is None and self._paused_at_s is not None:
            paused_s = round(self._clock.monotonic_s() - self._paused_at_s, 3)
            self._paused_at_s = None
            self._say("recording.resumed", {"paused_s": paused_s})

    def _say(self, kind: str, data: Mapping[str, Any], run: str = "", key: str = "") -> None:
        self._events.emit(kind, data, camera=self._camera, run=run, key=key, is_urgent=bool(run))

    def _key(self, at: ReceivedEnvelope, *what: str) -> str:
        """What tells it from all else; empty for what was published and does not come again."""
        return self._digest(at.run, at.entry_id, *what) if at.entry_id else ""

    def _digest(self, *facts: object) -> str:
        return hashlib.sha256(json.dumps([self._camera, *facts]).encode()).hexdigest()[:32]
