"""What a telemetry server answers when it does not do what was asked."""

import json

AWAY = frozenset({429, 502, 503, 504, 507})
"""Answers after which the same may be sent again later."""


class TelemetryClientError(RuntimeError):
    """
    The server answered with an error.

    Args:
        status_code: The HTTP status.
        detail: What is wrong.
    """

    def __init__(self, status_code: int, detail: str) -> None:
        super().__init__(f"Telemetry server error {status_code}: {detail}")
        self.status_code = status_code
        self.detail = detail


def is_away(error: Exception) -> bool:
    """
    Say whether the same may be sent again later.
    """
    if isinstance(error, TelemetryClientError):
        return error.status_code in AWAY
    return isinstance(error, OSError)


def detail_of(text: str) -> str:
    """
    Give what an answer says is wrong.
    """
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return text
