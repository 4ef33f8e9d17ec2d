"""Hears what is published, from its first message to a last one that it sends itself."""

from typing import Any

import redis

from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S

_END = b"tests:end"


class Subscriber:
    """Of all channels that match *pattern*, from now on."""

    def __init__(self, client: redis.Redis, pattern: str = "*") -> None:
        self._client = client
        self._listener = client.pubsub(ignore_subscribe_messages=True)
        for subscribe, name in (
            (self._listener.psubscribe, pattern),
            (self._listener.subscribe, _END),
        ):
            subscribe(name)
            self._listener.get_message(timeout=PATIENCE_S)  # that it is subscribed

    def heard(self) -> list[dict[str, Any]]:
        """Every message that came since the last time, in order."""
        self._client.publish(_END, b"")
        messages: list[dict[str, Any]] = []
        while (message := self._next())["type"] != "message":  # the end is not told by a pattern
            if message["channel"] != _END:
                messages.append(message)
        return messages

    def _next(self) -> dict[str, Any]:
        # None is a subscription that was made anew, as well as silence.
        return eventually(lambda: self._listener.get_message(timeout=0.5))

    def close(self) -> None:
        self._listener.close()
