"""What can go wrong with events, named for what the caller does next."""


class TelemetryConflictError(RuntimeError):
    """What is asked for does not go with the present state, such as a second run. See `get_run`."""


class TelemetryNotFoundError(RuntimeError):
    """What is asked for is not there. Start it, or post it, first."""


class TelemetryForbiddenError(RuntimeError):
    """A run's folder is outside the site folder and all run roots. Choose another one."""


class TelemetryKeyError(RuntimeError):
    """A key was used before, with other content. Use a new key for what is new."""


class TelemetryStorageError(RuntimeError):
    """The log takes nothing now, and nothing of this was kept. Send it again later."""


class TelemetryRequestError(ValueError):
    """
    A request cannot be understood. Mend it.

    Args:
        status: The HTTP status, such as 422.
        detail: What is wrong: a sentence, or pydantic's list.
    """

    def __init__(self, status: int, detail: str | list[dict[str, object]]) -> None:
        super().__init__(detail if isinstance(detail, str) else f"{len(detail)} errors: {detail}")
        self.status = status
        self.detail = detail
