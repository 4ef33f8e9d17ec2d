"""The lease on a key prefix: one server at a time writes a camera's stream."""

import asyncio
import contextlib
import json
import logging
import threading
from dataclasses import asdict

import redis.asyncio

from vitalrig import redis_keys
from vitalrig.clock import Clock
from vitalrig.errors import CannotGoOn, CannotStart
from vitalrig.lease_owner import LeaseOwner
from vitalrig.redis_client import REDIS_ERRORS, describe_error

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25
LONGEST_WAIT_S = redis_keys.LEASE_MS / 1_000 + 2.0
FRESH_S = redis_keys.LEASE_MS / 2_000
"""So long after a renewal nobody else can have the lease, whatever stalled meanwhile."""

NEVER_S = float("-inf")

_CLAIM = """
local owner = redis.call('GET', KEYS[1])
if owner == ARGV[1] then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif not owner or owner == ARGV[3] then
    redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
    owner = ARGV[1]
end
return owner
"""
"""Take the lease if it is free or its owner is dead, renew it if it is ours; tell whose it is."""

_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
"""


class Lease:
    """
    Held from before the first envelope until after the last.

    Args:
        client: Redis.
        prefix: The key prefix.
        run: This run of the server.
        clock: What tells the time.
        dead_run: A run that is known to have ended.
    """

    def __init__(
        self, client: redis.asyncio.Redis, prefix: str, run: str, clock: Clock, dead_run: str = ""
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._key = redis_keys.lease(prefix)
        self._clock = clock
        self._dead_run = dead_run
        self._mine = json.dumps(asdict(LeaseOwner.this(run, clock.wall_us()))).encode()
        self._renewed_at_s = NEVER_S

    async def take(self, stop: threading.Event) -> None:
        """
        Take the lease, at the start. A dead owner's is waited for, or taken over if that is sure.

        While Redis is away it is taken later: see `hold`.

        Raises:
            CannotStart: If another server holds it.
        """
        began_s = self._clock.monotonic_s()
        seen, left_ms = b"", 0
        while not stop.is_set():
            try:
                owner, ttl_ms = await self._claim(seen if self._is_dead(seen) else b"")
            except REDIS_ERRORS as exc:
                log.warning("the lease is taken later", extra={"why": describe_error(exc)})
                return
            if owner == self._mine:
                return
            waited_s = self._clock.monotonic_s() - began_s
            renewed = seen and (owner != seen or ttl_ms > left_ms)
            if renewed or waited_s > LONGEST_WAIT_S:
                raise CannotStart(self._taken(owner))
            if not seen and not self._is_dead(owner):
                log.info("waiting for the lease", extra={"owner": str(LeaseOwner.parse(owner))})
            seen, left_ms = owner, ttl_ms
            if not self._is_dead(owner):
                await asyncio.sleep(LOOK_EVERY_S)

    async def hold(self) -> None:
        """
        Make sure, before something is written, that the lease is held.

        Raises:
            redis.RedisError: If Redis is away or refuses.
            OSError: If Redis is away.
            CannotGoOn: If another server has it.
        """
        if self._clock.uptime_s() - self._renewed_at_s >= FRESH_S:
            await self._renew()

    async def run(self) -> None:
        """
        Renew the lease until cancelled.

        Raises:
            CannotGoOn: If another server has it.
        """
        while True:
            await asyncio.sleep(redis_keys.RENEW_LEASE_S)
            with contextlib.suppress(*REDIS_ERRORS):
                await self._renew()

    async def release(self) -> None:
        """
        Give the lease up, if it is held. Where Redis is away it ends by itself.
        """
        with contextlib.suppress(*REDIS_ERRORS):
            await self._client.eval(_RELEASE, 1, self._key, self._mine)

    async def _renew(self) -> None:
        owner, _ = await self._claim()
        # Who could not take it at the start, without Redis, takes it over now as `take` does.
        # Who had it does not: another server has written since.
        if self._is_dead(owner) and self._renewed_at_s == NEVER_S:
            owner, _ = await self._claim(owner)
        if owner != self._mine:
            raise CannotGoOn(self._taken(owner))

    async def _claim(self, dead: bytes = b"") -> tuple[bytes, int]:
        """
        Take or renew the lease if that may be.

        Returns:
            Whose it is, and for how many milliseconds.
        """
        asked_at_s = self._clock.uptime_s()
        owner = await self._client.eval(_CLAIM, 1, self._key, self._mine, redis_keys.LEASE_MS, dead)
        if owner == self._mine:
            self._renewed_at_s = asked_at_s
            return self._mine, redis_keys.LEASE_MS
        return owner, await self._client.pttl(self._key)

    def _is_dead(self, owner: bytes) -> bool:
        if not owner:
            return False
        known = LeaseOwner.parse(owner)
        return known.is_gone() or (bool(self._dead_run) and known.run == self._dead_run)

    def _taken(self, owner: bytes) -> str:
        return (
            f"another server publishes as {self._prefix}: {LeaseOwner.parse(owner)}; stop it,"
            " or give this one another redis_key_prefix"
        )
