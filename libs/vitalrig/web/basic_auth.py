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
import ipaddress
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from vitalrig.clock import Clock

K = TypeVar("K")
V = TypeVar("V")

Verdict = Literal["yes", "no", "later"]
"""`later`: not looked at, since too much was guessed."""

REMEMBERED_S = 60.0
MAX_REMEMBERED = 100

HASHES_AT_A_TIME = 2
MOST_WAITING = 6
"""Further ones are sent away with 429, so that requests of others find room."""

PATIENCE_S = 5.0
"""How long to wait for the hashes of others."""

FREE_GUESSES = 5
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0
FORGIVEN_AFTER_S = 600.0
MAX_NETWORKS = 1_000

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
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def verdict(self, authorization: str, address: str) -> Verdict:
        """
        Say whether an `Authorization` header names a user with the right password.

        Args:
            authorization: The header.
            address: Whom it comes from.
        """
        given = _credentials(authorization)
        if given is None:
            return "no"
        seal = hmac.digest(self._salt, b"\0".join(given), hashlib.sha256)
        network = _network(address)
        with self._lock:
            if self._is_remembered(seal):
                return "yes"
            if seal not in self._right and (self._waiting >= MOST_WAITING or self._waits(network)):
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
        self._note(seal, network, right=right)
        return "yes" if right else "no"

    def _is_remembered(self, seal: bytes) -> bool:
        now_s = self._clock.monotonic_s()
        if self._right.get(seal, float("-inf")) < now_s - REMEMBERED_S:
            return False
        self._right[seal] = now_s
        self._right.move_to_end(seal)
        return True

    def _waits(self, network: str) -> bool:
        count, last_s = self._wrong.get(network, (0, 0.0))
        since_s = self._clock.monotonic_s() - last_s
        if count < FREE_GUESSES or since_s > FORGIVEN_AFTER_S:
            return False
        return since_s < min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (count - FREE_GUESSES))

    def _note(self, seal: bytes, network: str, *, right: bool) -> None:
        now_s = self._clock.monotonic_s()
        with self._lock:
            count, last_s = self._wrong.pop(network, (0, now_s))
            if right:
                self._right[seal] = now_s
                _keep_newest(self._right, MAX_REMEMBERED)
            else:
                count = 0 if now_s - last_s > FORGIVEN_AFTER_S else min(count, 2 * FREE_GUESSES)
                self._wrong[network] = count + 1, now_s
                _keep_newest(self._wrong, MAX_NETWORKS)

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


def _keep_newest(kept: OrderedDict[K, V], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _credentials(authorization: str) -> tuple[bytes, bytes] | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        user.decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None


def _network(address: str) -> str:
    """
    The address, or all that one subscriber has: an IPv6 one has 2^64.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:  # noqa: PLR2004
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
