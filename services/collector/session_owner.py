"""Whose the open session is: only the run that began it, or took it up again, completes it."""

from vitalrig import redis_keys


class SessionOwner:
    """
    The server's run that a session belongs to.

    Args:
        run: Its id; empty while it is not known, and with servers that only publish.

    Attributes:
        run: The same.
    """

    def __init__(self, run: str) -> None:
        self.run = run

    def adopt(self, run: str) -> None:
        """
        Take *run* for the owner of a session that was joined without knowing it.
        """
        self.run = self.run or run

    def is_another(self, run: str) -> bool:
        """
        Whether *run* is that of another server. Relays do not tell servers apart.
        """
        if not self.run or run == self.run:
            return False
        return not all(each.startswith(redis_keys.RELAY_RUN) for each in (run, self.run))
