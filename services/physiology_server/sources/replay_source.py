"""A recording played as if it were a camera, in its own time."""

import csv
import math
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from services.physiology_server.signals.frame import Frame, Signals, SourceKind

Floats = NDArray[np.float64]

COLUMNS = ("time_s", "ppg", "resp")

BLOCK_FRAMES = 32
JOINT_S = 1.0
"""Length over which the end of the recording is faded into its beginning."""

LONGEST_GAP_S = 0.25
"""Between rows that are further apart nothing was recorded, and nothing is made up."""

_EPOCH_S = (1e8, 7e9)
# What the middle 98 % of each signal is stretched to.
_PULSE_SPAN = 0.30
_BREATHING_SPAN = 0.24


class ReplaySource:
    """
    The pulse and the breathing of a recording; it has no other signals, so there are none.

    Each signal is moved and scaled as a whole, so that its 1st and 99th percentile lie at -0.15
    and 0.15 (pulse) or -0.12 and 0.12 (breathing); its shape is that of the recording. The
    belt's signal is given as that of the chest. Values between rows are interpolated linearly.

    Time is the recorded time since the first frame, whatever the speed at which frames are taken.
    When it loops, time runs on, and during one second the end is faded into the beginning:
    the last second of the recording into the first. Those frames are not stable.

    Args:
        time_s: Recorded times, rising.
        ppg: Pulse, in any unit.
        resp: Breathing, in any unit.
        fps: Frames per second to make of it.
        loop: Begin again at the end.
        start_s: Where in the recording the first frame is.

    Raises:
        ValueError: If *start_s* is not in the recording.
    """

    kind: SourceKind = "replay"

    def __init__(
        self,
        time_s: Floats,
        ppg: Floats,
        resp: Floats,
        fps: float = 30.0,
        *,
        loop: bool = True,
        start_s: float = 0.0,
    ) -> None:
        self.fps = fps
        self._first_row_s = float(time_s[0])
        self._time_s = time_s - time_s[0]
        self._pulse = _scaled(ppg, _PULSE_SPAN)
        self._breathing = _scaled(resp, _BREATHING_SPAN)
        self._end_s = float(self._time_s[-1])
        self._joint_s = min(JOINT_S, self._end_s / 4)
        self._loop = loop
        if not 0 <= start_s < self._end_s:
            raise ValueError(f"start_s is {start_s}: the recording lasts {self._end_s:.3f} s")
        self._start_s = start_s

    @property
    def duration_s(self) -> float:
        """
        Seconds from the first row to the last.
        """
        return self._end_s

    @property
    def recorded_at_us(self) -> int | None:
        """
        When the first frame was recorded, in us since the epoch, where the rows' times are such.
        """
        low_s, high_s = _EPOCH_S
        if not low_s < self._first_row_s < high_s:
            return None
        return round((self._first_row_s + self._start_s) * 1e6)

    @classmethod
    def from_csv(
        cls, path: Path | str, fps: float = 30.0, *, loop: bool = True, start_s: float = 0.0
    ) -> Self:
        """
        Read a file with the columns `time_s`, `ppg` and `resp`; others are passed over.

        Raises:
            ValueError: If it cannot be read, with the file, the line and what to do.
        """
        if not 1 <= fps <= 1000:  # noqa: PLR2004 - what a camera may have
            raise ValueError(f"fps is {fps}: it must be from 1 to 1000")
        table = _read(Path(path))
        return cls(table[:, 0], table[:, 1], table[:, 2], fps, loop=loop, start_s=start_s)

    def frames(self) -> Iterator[Frame]:
        """
        Yield the recording's frames; without a loop, up to its last row.
        """
        for block in count():
            index = np.arange(block * BLOCK_FRAMES, (block + 1) * BLOCK_FRAMES)
            time_s = index / self.fps
            if not self._loop:
                there = self._start_s + time_s <= self._end_s
                index, time_s = index[there], time_s[there]
                if not len(index):
                    return
            yield from self._block(index, time_s)

    def _block(self, index: NDArray[np.int64], time_s: Floats) -> Iterator[Frame]:
        at_s, after_s, share = self._places(self._start_s + time_s)
        pulse = self._read_at(self._pulse, at_s, after_s, share)
        breathing = self._read_at(self._breathing, at_s, after_s, share)
        recorded = self._recorded(at_s) & self._recorded(after_s)
        columns = zip(
            index.tolist(),
            time_s.tolist(),
            pulse.tolist(),
            breathing.tolist(),
            recorded.tolist(),
            (share < 1).tolist(),
            strict=True,
        )
        for number, seconds, beat, breath, there, joint in columns:
            signals = Signals(pulse=beat, upper_breathing=breath) if there else Signals()
            yield Frame(number, seconds, signals, stable=there and not joint)

    def _places(self, time_s: Floats) -> tuple[Floats, Floats, Floats]:
        """
        Where in the recording each frame is: a place, one to fade from, and the first's share.
        """
        length_s = self._end_s - self._joint_s
        if not self._loop or time_s[-1] < length_s:
            return time_s, time_s, np.ones_like(time_s)
        turn = np.floor(time_s / length_s)
        at_s = time_s - turn * length_s
        fading = (turn > 0) & (at_s < self._joint_s)
        after_s = np.where(fading, np.minimum(at_s + length_s, self._end_s), at_s)
        share = np.where(fading, at_s / self._joint_s, 1.0)
        return at_s, after_s, share

    def _read_at(self, signal: Floats, at_s: Floats, after_s: Floats, share: Floats) -> Floats:
        here = np.interp(at_s, self._time_s, signal)
        there = np.interp(after_s, self._time_s, signal)
        return share * here + (1 - share) * there

    def _recorded(self, at_s: Floats) -> NDArray[np.bool_]:
        """
        Whether the rows around each place are near enough to each other to draw a line between.
        """
        after = np.clip(np.searchsorted(self._time_s, at_s), 1, len(self._time_s) - 1)
        near: NDArray[np.bool_] = (
            self._time_s[after] - self._time_s[after - 1] <= LONGEST_GAP_S
        ) | (self._time_s[after] == at_s)
        return near


def _read(path: Path) -> Floats:
    """
    The three columns of *path*, checked.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file)
            places = _columns(path, next(rows, []))
            values: list[list[float]] = []
            for row in rows:
                if row:
                    values.append(_numbers(path, rows.line_num, row, places))
                    if len(values) > 1 and values[-1][0] <= values[-2][0]:
                        raise ValueError(
                            f"{path}, line {rows.line_num}: time_s {values[-1][0]:g} is not later "
                            f"than {values[-2][0]:g} before it: sort the rows by time"
                        )
    except OSError as exc:
        raise ValueError(f"{path}: cannot be read ({exc.strerror}): check the path") from exc
    except (UnicodeDecodeError, csv.Error) as exc:
        raise ValueError(f"{path}: is not CSV text ({exc}): save it as UTF-8 CSV") from exc
    if len(values) < 2 or values[-1][0] - values[0][0] < JOINT_S:  # noqa: PLR2004
        raise ValueError(f"{path}: less than {JOINT_S:g} s of rows: record more than that")
    return np.array(values, dtype=np.float64)


def _columns(path: Path, header: list[str]) -> list[int]:
    names = [name.strip() for name in header]
    if missing := [name for name in COLUMNS if name not in names]:
        raise ValueError(
            f"{path}, line 1: no column {', '.join(missing)} in the header "
            f"{','.join(names) or '(empty)'}: name the columns {','.join(COLUMNS)}"
        )
    return [names.index(name) for name in COLUMNS]


def _numbers(path: Path, line: int, row: list[str], places: list[int]) -> list[float]:
    numbers = []
    for name, place in zip(COLUMNS, places, strict=True):
        text = row[place] if place < len(row) else ""
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise ValueError(
                f"{path}, line {line}: {name} is {text!r}, which is not a number: "
                "mend the row or take it out"
            )
        numbers.append(number)
    return numbers


def _scaled(signal: Floats, span: float) -> Floats:
    low, high = np.percentile(signal, (1, 99))
    height = float(high - low) or 1.0
    scaled: Floats = (signal - (low + high) / 2) * (span / height)
    return scaled
