"""Numbers whose source is killed, while somebody sets the clocks of all services."""

import time
import urllib.request

import pytest

from tests.support.chaos.rig import a_rig
from tests.support.eventually import eventually
from tests.support.exporting import samples
from tests.support.own_process import OwnService
from tests.support.patience import PATIENCE_S
from tests.support.ports import free_port

LIMIT_S = 3.0
WITHIN_S = 0.5
STEPS_S = (-9.0, 3_600.0)
PULSE = "vitalrig_pulse_rate_beats_per_minute"


class Page:
    """What a scrape sees."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/metrics"

    def shows_pulse(self) -> bool:
        try:
            with urllib.request.urlopen(self._url, timeout=PATIENCE_S) as page:
                return bool(samples(page.read().decode(), PULSE))
        except OSError:
            return False

    def last_shown_s(self) -> float:
        """When the last scrape that still had a pulse was asked for."""
        shown_s = time.monotonic()
        while True:
            asked_s = time.monotonic()
            if not self.shows_pulse():
                return shown_s
            shown_s = asked_s
            time.sleep(0.05)


@pytest.mark.timeout(600)
def test_a_number_whose_source_was_killed_is_gone_in_time_whatever_the_clock_says():
    """
    Within half a second of its limit, also when the clocks are set back by 9 s or on by an hour.

    Each step is made when the source has just been killed, from clocks that were right.
    """
    port = free_port()
    shown_for_s = {}
    with a_rig(server={"fps": 30}) as rig:
        rig.add(
            OwnService(
                "exporter", rig.folder, clock=rig.clock, port=port,
                redis_port=rig.redis_port, sessions_folder=rig.sessions,
                stale_after_s=LIMIT_S, breath_stale_after_s=LIMIT_S,
            )
        )  # fmt: skip
        page = Page(port)
        for step_s in STEPS_S:
            for victim in (rig.collector, rig.redis, rig.server):
                rig.set_clocks(0)
                eventually(page.shows_pulse)
                victim.kill()
                killed_s = time.monotonic()
                rig.set_clocks(step_s)
                shown_for_s[victim.name, step_s] = round(page.last_shown_s() - killed_s, 2)
                victim.start()

    print(shown_for_s)  # noqa: T201  pytest shows it
    too_long = {each: s for each, s in shown_for_s.items() if s > LIMIT_S + WITHIN_S}
    assert {} == too_long
