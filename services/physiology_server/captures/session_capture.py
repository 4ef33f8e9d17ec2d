"""A recorded session, played as it was: each envelope again, when it is due."""

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path
from statistics import median
from typing import Any, Literal

from services.physiology_server.captures.capture import CaptureItem, NoFrame, RecordedEnvelope
from services.physiology_server.clocks.paced import PacedClock
from services.physiology_server.clocks.recorded import LONGEST_US, RecordedClock
from services.physiology_server.envelope_timestamps import dumped, restamped
from services.physiology_server.envelopes import Outgoing
from services.physiology_server.signals.frame import SourceKind
from smartspectra.ipc.wire.channels import (
    CORE_METRICS,
    EDGE_METRICS,
    METRIC_KINDS,
    RECORDING_STATE,
    STATUS,
)
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, document_of, timestamp_us
from vitalrig.clock import Clock

log = logging.getLogger(__name__)

Stamps = Literal["recorded", "now"]

_PLAYED = frozenset({CORE_METRICS, EDGE_METRICS, STATUS})
_US = 1_000_000
_LOOKED_AT = 300
_USUAL_FPS = 30.0
_IDLE_S = 0.5
# A number below this is seconds since 1970, or a counter of us that has few bits.
_AMBIGUOUS_BELOW = 10**11
_SECONDS_STEP_BELOW = 100


@dataclass(frozen=True, slots=True)
class _Line:
    raw: bytes
    kind: str
    stamp: Any


class SessionCapture:
    """
    Plays the envelopes of a `metrics_*.jsonl`, in the order of the file.

    With the recorded stamps the bytes are those of the file. Such numbers are as old as they are,
    and who looks at their stamps does not take them for live. With the stamps of now, they would
    look live, so every payload is marked.

    Core and edge metrics and the status are played. `recording_state` is left out, since what is
    recorded now is the server's business; other kinds are left out too. Lines that are no
    envelopes, and a last line without its end, are skipped. All are counted.

    Args:
        path: The file.
        clock: What tells the time.
        speed: Seconds of the session in one second; infinity for as fast as it goes.
        loop: Begin again at the end.
        stamps: Keep them, or move them to now.
        mark: Add the key `source` to payloads; always done with stamps of now.

    Attributes:
        skipped: Lines that are not envelopes, by reason.
        left_out: Envelopes that are not played, by type.

    Raises:
        ValueError: If the file cannot be read, or holds nothing that can be played.
    """

    kind: SourceKind = "replay"
    waits = True

    def __init__(
        self,
        path: Path | str,
        clock: Clock,
        speed: float = 1.0,
        *,
        loop: bool = False,
        stamps: Stamps = "recorded",
        mark: bool = False,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed is {speed}: it must be more than 0")
        self._path = Path(path)
        self._clock = clock
        self._speed = speed
        self._loop = loop
        self._to_now = stamps == "now"
        self._mark = mark or self._to_now
        self.skipped: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        first = self._look()
        self._small_us = _small_unit_us(first)
        self.fps = _fps(first, self._small_us)

    async def items(self) -> AsyncGenerator[CaptureItem, None]:
        """
        Yield each envelope when it is due.
        """
        pacing = PacedClock(self._clock, self._speed)
        anchor_us = self._clock.wall_us()
        timeline = RecordedClock()
        while True:
            self.skipped.clear()
            self.left_out.clear()
            for line in self._lines():
                place = timeline.place(_stamp_us(line.stamp, self._small_us))
                time_s = place.time_us / _US
                while (wait_s := pacing.wait_s(time_s)) > _IDLE_S:
                    await asyncio.sleep(_IDLE_S)
                    yield NoFrame()
                await asyncio.sleep(max(0.0, wait_s))
                shift_us = anchor_us - place.origin_us if self._to_now else 0
                try:
                    envelope = self._bytes(line, shift_us)
                except BadEnvelope as exc:
                    self.skipped[exc.reason] += 1
                    continue
                yield RecordedEnvelope(time_s, Outgoing(line.kind, envelope))
            log.info(
                "the session has been played",
                extra={"left_out": dict(self.left_out), "skipped": dict(self.skipped)},
            )
            if not self._loop:
                return
            timeline.begin_again(round(_US / self.fps))

    def _bytes(self, line: _Line, shift_us: int) -> bytes:
        raw = line.raw
        if self._to_now:
            raw = restamped(raw, lambda stamp_us: stamp_us + shift_us)
        return marked(raw) if self._mark and line.kind in METRIC_KINDS else raw

    def _look(self) -> list[_Line]:
        try:
            first = list(islice(self._lines(), _LOOKED_AT))
        except OSError as exc:
            raise ValueError(
                f"{self._path}: cannot be read ({exc.strerror}): check the path"
            ) from exc
        if not first:
            raise ValueError(
                f"{self._path}: holds no core_metrics, edge_metrics or status envelope, a line "
                "each: give the JSONL of a session"
            )
        return first

    def _lines(self) -> Iterator[_Line]:
        """
        What can be played, line by line.
        """
        with self._path.open("rb") as file:
            for text in file:
                if not text.endswith(b"\n"):
                    self.skipped["torn"] += 1
                    return
                try:
                    document = document_of(text)
                    kind = Envelope.of(document).type
                except BadEnvelope as exc:
                    self.skipped[exc.reason] += 1
                    continue
                if kind in _PLAYED:
                    yield _Line(text[:-1], kind, document.get("timestamp"))
                else:
                    self.left_out[RECORDING_STATE if kind == RECORDING_STATE else "other"] += 1


def marked(envelope: bytes) -> bytes:
    """
    The envelope with `"source":"replay"` in its payload. What says that it was synthetic stays.
    """
    document = document_of(envelope)
    payload = document["payload"]
    if not str(payload.get("source", "")).startswith("synthetic"):
        payload["source"] = "replay"
    return dumped(document)


def _stamp_us(stamp: Any, small_us: int) -> int | None:  # noqa: ANN401
    """
    A stamp in us: by its magnitude, and where that says nothing by the unit of the file.
    """
    known_us = timestamp_us(stamp)
    if known_us is None or small_us == _US or abs(float(stamp)) >= _AMBIGUOUS_BELOW:
        return known_us
    return round(float(stamp))


def _small_unit_us(lines: list[_Line]) -> int:
    """
    How many us a stamp counts that is too small to tell: of seconds, or of a 32-bit counter.
    """
    small = [
        float(line.stamp)
        for line in lines
        if timestamp_us(line.stamp) is not None and abs(float(line.stamp)) < _AMBIGUOUS_BELOW
    ]
    steps = [abs(b - a) for a, b in pairwise(small)]
    return 1 if steps and median(steps) > _SECONDS_STEP_BELOW else _US


def _fps(lines: list[_Line], small_us: int) -> float:
    """
    Edge has an envelope a frame; without edge envelopes, the usual rate.
    """
    stamps = [_stamp_us(line.stamp, small_us) for line in lines if line.kind == EDGE_METRICS]
    known = [stamp for stamp in stamps if stamp is not None]
    steps = [b - a for a, b in pairwise(known) if 0 < b - a < LONGEST_US]
    fps = _US / median(steps) if steps else _USUAL_FPS
    return fps if math.isfinite(fps) else _USUAL_FPS
