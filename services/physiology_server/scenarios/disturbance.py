"""The envelopes' part of a scenario: clocks, damage, copies and delays, in this order."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import count

from services.physiology_server.envelope_timestamps import restamped, stamp_of
from services.physiology_server.envelopes import Outgoing
from services.physiology_server.scenarios.events import DelayEvent, MessageEvent, StampEvent
from services.physiology_server.scenarios.followed_scenario import FollowedScenario
from services.physiology_server.scenarios.scenario import Scenario
from smartspectra.ipc.wire.channels import METRIC_KINDS

_US = 1_000_000

Disturbance = Callable[[float, Iterable[Outgoing]], Iterable[Outgoing]]
"""
Gets capture time in s and what would go out; gives what goes out instead. At the end of a run it
is called with an infinite time and nothing, and gives what it still holds back.
"""


def undisturbed(_time_s: float, outgoing: Iterable[Outgoing]) -> Iterable[Outgoing]:
    """
    Let everything through.
    """
    return outgoing


def disturbance_of(
    scenario: Scenario | None, seed: int, followed: FollowedScenario | None = None
) -> Disturbance:
    """
    Make what is between the pipeline and the outbox, for one run of the graph.

    Args:
        scenario: What happens.
        seed: Decides what is left to chance.
        followed: The scenario, where it can grow while it plays.
    """
    if followed is not None:
        return ScenarioDisturbance(followed.scenario, seed, lambda: followed.scenario)
    if scenario is None or not any(
        isinstance(event, StampEvent | MessageEvent | DelayEvent) for event in scenario.timeline
    ):
        return undisturbed
    return ScenarioDisturbance(scenario, seed)


class ScenarioDisturbance:
    """
    Stands between the pipeline and the outbox, for one run of the graph.

    Only metrics envelopes are damaged, doubled and delayed, so that a session's beginning and
    end stay what they are; the clock is that of all envelopes.

    Args:
        scenario: What happens.
        seed: Decides what is left to chance.
        follow: Where the scenario can grow: gives it as it is by now.
    """

    def __init__(
        self, scenario: Scenario, seed: int, follow: Callable[[], Scenario] | None = None
    ) -> None:
        self._seed = seed
        self._follow = follow
        self._numbers: Counter[str] = Counter()
        self._held: list[tuple[float, int, Outgoing]] = []
        self._order = count()
        self._last_due_s: dict[str, float] = {}
        self._take(scenario)

    def _take(self, scenario: Scenario) -> None:
        self._scenario = scenario
        chances = scenario.chances(self._seed)
        self._clocks = [event for event, _ in chances if isinstance(event, StampEvent)]
        self._spoilers = [(e, chance) for e, chance in chances if isinstance(e, MessageEvent)]
        delays = [(e, chance) for e, chance in chances if isinstance(e, DelayEvent)]
        self._in_order = [(e, chance) for e, chance in delays if e.keeps_order]
        self._out_of_order = [(e, chance) for e, chance in delays if not e.keeps_order]

    def __call__(self, time_s: float, outgoings: Iterable[Outgoing]) -> Iterator[Outgoing]:
        """
        Take what would go out at *time_s*, and give what goes out.

        At an infinite time everything that is still held is given.
        """
        if self._follow is not None and (scenario := self._follow()) is not self._scenario:
            self._take(scenario)
        for outgoing in outgoings:
            self._hold(time_s, self._on_its_clock(time_s, outgoing))
        while self._held and self._held[0][0] <= time_s:
            yield heapq.heappop(self._held)[2]

    def _on_its_clock(self, time_s: float, outgoing: Outgoing) -> Outgoing:
        if not self._clocks:
            return outgoing
        now_us = round(time_s * _US)
        own_us = stamp_of(outgoing.envelope)
        is_metrics = outgoing.channel in METRIC_KINDS

        def move(stamp_us: int) -> int:
            # A metrics envelope bears its frame's stamp, which was taken at time_s; the others
            # bear the wall clock's, which does not run at the capture's speed.
            age_us = own_us - stamp_us if is_metrics and own_us is not None else 0
            since_us = now_us - age_us
            _, inside_s = self._scenario.place(since_us / _US)
            for clock in self._clocks:
                stamp_us = clock.restamp(stamp_us, since_us, round(inside_s * _US))
            return stamp_us

        return outgoing._replace(envelope=restamped(outgoing.envelope, move))

    def _hold(self, time_s: float, outgoing: Outgoing) -> None:
        """
        Put it, or what becomes of it, where it waits until it is due.
        """
        if outgoing.channel not in METRIC_KINDS:
            self._put(time_s, outgoing)
            return
        channel = outgoing.channel
        number = self._numbers[channel]
        self._numbers[channel] += 1
        _, inside_s = self._scenario.place(time_s)
        outgoings = [outgoing]
        for spoiler, chance in self._spoilers:
            if spoiler.holds(inside_s):
                outgoings = [s for o in outgoings for s in spoiler.spoil(o, number, chance)]
        due_s = self._due_s(time_s, inside_s, outgoing, number)
        for each in outgoings:
            self._put(due_s, each)

    def _due_s(self, time_s: float, inside_s: float, outgoing: Outgoing, number: int) -> float:
        """
        When it goes out: behind those that must not be overtaken, and then late by chance.
        """
        due_s = time_s
        for event, chance in self._in_order:
            delay_s = event.delay_s(outgoing, number, chance) if event.holds(inside_s) else 0.0
            due_s = max(due_s + delay_s, self._last_due_s.get(outgoing.channel, 0.0))
            self._last_due_s[outgoing.channel] = due_s
        for event, chance in self._out_of_order:
            if event.holds(inside_s):
                due_s += event.delay_s(outgoing, number, chance)
        return due_s

    def _put(self, due_s: float, outgoing: Outgoing) -> None:
        heapq.heappush(self._held, (due_s, next(self._order), outgoing))
