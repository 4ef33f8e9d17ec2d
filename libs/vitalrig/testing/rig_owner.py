"""
Who uses a rig that was there before: one test run at a time, and the next is told who.

The workers of one run of pytest-xdist are one.
"""

import json
import os
import secrets
import threading
import time
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime

from vitalrig.lease_owner import LeaseOwner
from vitalrig.redis_client import REDIS_ERRORS
from vitalrig.redis_keys import HARNESS
from vitalrig.testing.harness_errors import HarnessError
from vitalrig.testing.rig_address import RigAddress

LIVES_MS = 10_000
RENEW_S = 3.0
LOOK_EVERY_S = 0.25
LONGEST_WAIT_S = LIVES_MS / 1_000 + 2.0

_CLAIM = """
local owner = redis.call('GET', KEYS[1])
local known, its = pcall(cjson.decode, owner or '')
if not owner or owner == ARGV[4] or (known and type(its) == 'table' and its.run == ARGV[2]) then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
    owner = ARGV[1]
end
return owner
"""
"""Take it if it is free, its owner is dead or of our run; tell whose it is."""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class RigOwner:
    """
    Held as long as a rig is used that somebody else has started.

    Args:
        address: The rig's Redis.
    """

    def __init__(self, address: RigAddress) -> None:
        shared = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")
        self._run = shared or secrets.token_hex(8)
        self._is_shared = bool(shared)
        self._address = address
        now_us = time.time_ns() // 1_000
        self._mine = json.dumps(asdict(LeaseOwner.this(self._run, now_us))).encode()
        self._lost_to = b""
        self._end = threading.Event()
        self._renewing = threading.Thread(target=self._renew, name="rig owner", daemon=True)

    def take(self) -> None:
        """
        Take the rig; one whose user has died is taken over.

        Raises:
            HarnessError: If somebody else uses it; the text says who, and since when.
            redis.RedisError: If Redis refuses, or is away.
        """
        began_s = time.monotonic()
        seen, left_ms = b"", 0
        with closing(self._address.client()) as client:
            while True:
                is_gone = bool(seen) and LeaseOwner.parse(seen).is_gone()
                owner = self._claim(seen if is_gone else b"")
                if owner == self._mine:
                    break
                ttl_ms = int(client.pttl(HARNESS))
                is_renewed = seen and (owner != seen or ttl_ms > left_ms)
                if is_renewed or time.monotonic() - began_s > LONGEST_WAIT_S:
                    raise HarnessError(self._taken(owner))
                if not LeaseOwner.parse(owner).is_gone():
                    time.sleep(LOOK_EVERY_S)
                seen, left_ms = owner, ttl_ms
        self._renewing.start()

    def require(self) -> None:
        """
        See that the rig is still ours.

        Raises:
            HarnessError: If somebody has taken it meanwhile, such as while this machine slept.
        """
        if self._lost_to:
            raise HarnessError(self._taken(self._lost_to))

    def release(self) -> None:
        """
        Leave the rig to others. Of several workers none knows who is last: it ends by itself.
        """
        self._end.set()
        if self._is_shared or self._lost_to:
            return
        try:
            with closing(self._address.client()) as client:
                client.eval(_RELEASE, 1, HARNESS, self._mine)
        except REDIS_ERRORS:
            return  # it ends by itself

    def _claim(self, dead: bytes = b"") -> bytes:
        with closing(self._address.client()) as client:
            owner = client.eval(_CLAIM, 1, HARNESS, self._mine, self._run, str(LIVES_MS), dead)
            return bytes(owner)

    def _renew(self) -> None:
        while not self._end.wait(RENEW_S):
            try:
                owner = self._claim()
            except REDIS_ERRORS:
                continue  # a test may have taken Redis away
            self._lost_to = b"" if owner == self._mine else owner

    def _taken(self, owner: bytes) -> str:
        other = LeaseOwner.parse(owner)
        since = datetime.fromtimestamp(other.since_us / 1_000_000, UTC)
        return (
            f"the rig at {self._address.shown} is used by process {other.pid} on host {other.host}"
            f" since {since:%Y-%m-%d %H:%M:%S} UTC; wait until it has ended, or take another rig"
        )
