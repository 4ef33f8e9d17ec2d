"""What was measured in a session, for tests: columns by name, one table, and where they pause."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from vitalrig.sessions.errors import MissingExtra
from vitalrig.signals import signal_of

if TYPE_CHECKING:
    from pandas import DataFrame

    from vitalrig.sessions.reading.series import RecordedSeries, RecordedSession, Samples


class SessionSeries(Mapping[str, "Samples"]):
    """
    The series of a session by name.

    A key is a channel's kind and a name, such as ``core_metrics:pulse.rate``. The name alone,
    ``pulse.rate``, finds a series as well where one channel only has it.

    Args:
        session: Whose they are.
    """

    def __init__(self, session: "RecordedSession") -> None:
        self._series = {f"{each.kind}:{each.name}": each for each in session.series}
        self._loaded: dict[str, Samples] = {}

    def __getitem__(self, name: str) -> "Samples":
        key = self._key(name)
        if key not in self._loaded:
            self._loaded[key] = self._series[key].load()
        return self._loaded[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._series)

    def __len__(self) -> int:
        return len(self._series)

    def recorded(self) -> "Mapping[str, RecordedSeries]":
        """
        Give the same without their samples.
        """
        return self._series

    def _key(self, name: str) -> str:
        keys = [key for key in self._series if name in (key, key.partition(":")[2])]
        if len(keys) == 1:
            return keys[0]
        if keys:
            raise KeyError(f"{name} is a series of two channels: take {' or '.join(keys)}")
        raise KeyError(f"no series {name}; there are {', '.join(self._series) or 'none'}")


class Pause(NamedTuple):
    """
    The longest time without samples of one series.

    Attributes:
        series: Which one.
        seconds: How long.
        after_s: From when on, in seconds since the first metrics.
    """

    series: str
    seconds: float
    after_s: float


def pauses(series: SessionSeries, first_us: float | None, last_us: float | None) -> Iterator[Pause]:
    """
    Give the longest pause of each series that a camera sends steadily from its start.

    Args:
        series: What was measured.
        first_us: When the metrics of the session begin; None to look between samples only.
        last_us: When they end.
    """
    for key, each in series.recorded().items():
        signal = signal_of(each.kind, each.name)
        if signal is None or signal.first_after_s != 0.0:
            continue  # it comes with a breath, or when it has changed, or after a warm-up
        times_us = series[key].timestamps_us.tolist()
        start_us = times_us[0] if first_us is None else first_us
        ends = [*times_us, times_us[-1] if last_us is None else last_us]
        seconds, at_us = max(
            (after - before, before)
            for before, after in zip([start_us, *times_us], ends, strict=True)
        )
        yield Pause(key, seconds / 1e6, (at_us - start_us) / 1e6)


def table(series: SessionSeries, source: str) -> "DataFrame":
    """
    Give all samples as one long table, series by series.

    Its columns are ``channel``, ``series``, ``unit``, ``timestamp`` (UTC, to the microsecond),
    ``value`` and ``source``.

    Raises:
        MissingExtra: If pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415
    except ImportError as exc:
        raise MissingExtra(
            "to_pandas needs pandas, which is not installed; pip install pandas"
        ) from exc
    columns = ["channel", "series", "unit", "timestamp", "value", "source"]
    frames = []
    for key, each in series.recorded().items():
        samples = series[key].ordered()
        stamps = samples.timestamps_us.astype("int64").astype("datetime64[us]")
        frames.append(
            pd.DataFrame(
                {
                    "channel": each.channel,
                    "series": each.name,
                    "unit": each.unit,
                    "timestamp": pd.DatetimeIndex(stamps, tz="UTC"),
                    "value": samples.values,  # noqa: PD011 - ours, of numpy
                    "source": source,
                },
                columns=columns,
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
