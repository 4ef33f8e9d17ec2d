"""Who guesses on waits ever longer."""

import ipaddress
import threading
from collections import OrderedDict

from vitalrig.clock import Clock

FREE_GUESSES = 5
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 5.0
FORGIVEN_AFTER_S = 600.0
MAX_NETWORKS = 1_000


class GuessLimits:
    """
    How often each network guessed wrong. Safe to use from several threads.

    Args:
        clock: What tells the time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self.wrong_in_all = 0

    def waits(self, address: str) -> bool:
        """
        Say whether what comes from an address is not looked at yet.
        """
        with self._lock:
            count, last_s = self._wrong.get(network_of(address), (0, 0.0))
        since_s = self._clock.monotonic_s() - last_s
        if count < FREE_GUESSES or since_s > FORGIVEN_AFTER_S:
            return False
        return since_s < min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (count - FREE_GUESSES))

    def note(self, address: str, *, right: bool) -> None:
        """
        Keep in mind how a guess went: who was right is forgiven all before.
        """
        now_s, network = self._clock.monotonic_s(), network_of(address)
        with self._lock:
            count, last_s = self._wrong.pop(network, (0, now_s))
            if right:
                return
            self.wrong_in_all += 1
            count = 0 if now_s - last_s > FORGIVEN_AFTER_S else min(count, 2 * FREE_GUESSES)
            self._wrong[network] = count + 1, now_s
            while len(self._wrong) > MAX_NETWORKS:
                self._wrong.popitem(last=False)


def network_of(address: str) -> str:
    """
    Give the address, or all that one subscriber has: an IPv6 one has 2^64.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 6 and parsed.ipv4_mapped is None:  # noqa: PLR2004
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
