"""
Basic authentication that guesses cannot slow down for those who know the password.

A hash takes a tenth of a second or more of a core, on purpose. So right credentials are remembered
for a minute since they were last used, and hashing is done outside every lock, a few at a time. An
address that guesses on waits ever longer until it is looked at again; who was right before is
always looked at. What is wrong takes the same time whether or not there is such a user.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Literal

from vitalrig.clock import Clock
from vitalrig.web.guess_limits import GuessLimits

Verdict = Literal["yes", "no", "later"]
"""`later`: not looked at, since too much was guessed."""

REMEMBERED_S = 60.0
MAX_REMEMBERED = 100

HASHES_AT_A_TIME = 2
MOST_WAITING = 6
"""Further ones are sent away with 429, so that requests of others find room."""

PATIENCE_S = 5.0
"""How long to wait for the hashes of others."""

CheckPassword = Callable[[bytes, bytes], bool]
"""Whether a password has a hash, such as `bcrypt.checkpw`."""


class BasicAuth:
    """
    Who may ask. Safe to use from several threads.

    Args:
        users: A bcrypt hash for each name.
        check: Compares a password with a hash.
        clock: What tells the time.
    """

    def __init__(self, users: Mapping[str, str], check: CheckPassword, clock: Clock) -> None:
        self._users = {name: hashed.encode() for name, hashed in users.items()}
        self._check = check
        self._clock = clock
        self._longest = max((_cost(hashed) for hashed in self._users.values()), default=0)
        self._salt = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._hashing = threading.BoundedSemaphore(HASHES_AT_A_TIME)
        self._waiting = 0
        self._right: OrderedDict[bytes, float] = OrderedDict()
        self._guesses = GuessLimits(clock)

    def verdict(self, authorization: str, address: str) -> Verdict:
        """
        Say whether an `Authorization` header names a user with the right password.

        Args:
            authorization: The header.
            address: Whom it comes from.
        """
        given = credentials(authorization)
        if given is None:
            return "no"
        seal = hmac.digest(self._salt, b"\0".join(given), hashlib.sha256)
        with self._lock:
            if self._is_remembered(seal):
                return "yes"
            if seal not in self._right and (
                self._waiting >= MOST_WAITING or self._guesses.waits(address)
            ):
                return "later"
            self._waiting += 1
        try:
            if not self._hashing.acquire(timeout=PATIENCE_S):
                return "later"
            try:
                right = self._is_right(*given)
            finally:
                self._hashing.release()
        finally:
            with self._lock:
                self._waiting -= 1
        self._guesses.note(address, right=right)
        if right:
            self._remember(seal)
        return "yes" if right else "no"

    def _is_remembered(self, seal: bytes) -> bool:
        now_s = self._clock.monotonic_s()
        if self._right.get(seal, float("-inf")) < now_s - REMEMBERED_S:
            return False
        self._right[seal] = now_s
        self._right.move_to_end(seal)
        return True

    def _remember(self, seal: bytes) -> None:
        with self._lock:
            self._right[seal] = self._clock.monotonic_s()
            while len(self._right) > MAX_REMEMBERED:
                self._right.popitem(last=False)

    def _is_right(self, user: bytes, password: bytes) -> bool:
        hashed = self._users.get(user.decode(), b"")
        try:
            if hashed and self._check(password, hashed):
                return True
            self._waste(password, hashed)
        except ValueError:  # longer than bcrypt can tell apart, or with a zero byte
            pass
        return False

    def _waste(self, password: bytes, hashed: bytes) -> None:
        """
        Take as long in all as for the user whose hash takes the longest.

        Each step of the cost doubles the work, so what is missing is one hash of each cost between.
        """
        costs = range(_cost(hashed), self._longest) if hashed else (self._longest,)
        for cost in costs:
            self._check(password, b"$2b$%02d$" % cost + b"." * 53)


def _cost(hashed: bytes) -> int:
    return int(hashed.split(b"$")[2])


def credentials(authorization: str) -> tuple[bytes, bytes] | None:
    """
    Read user and password from an `Authorization` header; None if it has none.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        user.decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
