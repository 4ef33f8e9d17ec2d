"""The newest sample of a series, as a collector reports it and as a signal is judged by it."""

from dataclasses import dataclass
from typing import Self

from vitalrig.metrics.validate import mapping, number, optional_number


@dataclass(frozen=True, slots=True)
class Sample:
    """
    The newest sample of a series.

    Attributes:
        timestamp_us: When it was taken.
        age_s: How old it was when the report was made.
        value: Its number; None if the newest sample has none.
        count: How many samples the series has had.
        stable: What the server said; None where it does not say.
        confidence: How sure it is, 0 to 1; None where the server does not say.
    """

    timestamp_us: float
    age_s: float
    value: float | None
    count: float
    stable: bool | None = None
    confidence: float | None = None

    @classmethod
    def parse(cls, document: object) -> Self:
        """
        Read one series of a collector's report.

        Raises:
            BadMessage: If it makes no sense.
        """
        fields = mapping(document)
        stable = fields.get("stable")
        return cls(
            number(fields.get("timestamp_us")),
            number(fields.get("age_s")),
            optional_number(fields.get("value")),
            number(fields.get("samples")),
            stable if isinstance(stable, bool) else None,
            optional_number(fields.get("confidence")),
        )
