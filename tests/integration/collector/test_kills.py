"""The collector killed at any moment: each envelope once, each loss counted once."""

import os
import threading
from itertools import count

import pytest

from tests.support.collecting import (
    finished,
    lines,
    manifest,
)
from tests.support.dice import a_dice
from tests.support.eventually import eventually
from tests.support.publishing import Publishing

KILLS = int(os.environ.get("SMARTSPECTRA_COLLECTOR_KILLS", "5"))


class LivePublisher(threading.Thread):
    """Publishes until it is told to stop; now and then some of it is lost, or rubbish."""

    def __init__(self, publishing: Publishing, *, unreliable: bool) -> None:
        super().__init__()
        self._publishing = publishing
        self._unreliable = unreliable
        self.enough = threading.Event()
        self.lost = 0
        self.rubbish = 0

    def run(self) -> None:
        for turn in count():
            self._publishing.edge(3)
            if self._unreliable and turn % 10 == 4:
                self._publishing.lose(2)
                self.lost += 2
            if self._unreliable and turn % 10 == 8:
                self._publishing.send_raw("edge_metrics", b"{")
                self.rubbish += 1
            if self.enough.wait(0.01):
                self._publishing.edge()
                return


def kill_again_and_again(start_process, sessions, publisher, rounds) -> None:
    """Kill the collector at random moments while *publisher* goes on."""
    dice = a_dice()
    process = start_process()
    publisher.start()
    try:
        for _ in range(rounds):
            before = len(lines(sessions))
            eventually(lambda had=before: len(lines(sessions)) > had)
            # Checkpoints are saved once a second.
            publisher.enough.wait(dice.choice((0.0, 0.02, 0.1, 0.3, 1.1)))
            process.kill()
            process = start_process()
    finally:
        publisher.enough.set()
        publisher.join()


@pytest.mark.timeout(300 + 30 * KILLS)
def test_killed_at_any_moment_it_keeps_each_envelope_exactly_once(
    start_process, client, sessions, publishing
):
    """
    kill -9 in mid-recording, while envelopes keep coming: published = kept, nothing is missing.

    SMARTSPECTRA_COLLECTOR_KILLS sets the number of rounds.
    """
    publishing.start()
    publisher = LivePublisher(publishing, unreliable=False)
    kill_again_and_again(start_process, sessions, publisher, KILLS)
    publishing.stop()
    finished(sessions)

    assert publishing.published == lines(sessions)
    assert (True, 0) == (
        manifest(sessions)["complete"],
        manifest(sessions)["gaps"]["missing_envelopes"],
    )


def test_through_any_kill_losses_are_counted_exactly_once(
    start_process, client, sessions, publishing
):
    """
    published = kept + counted as missing + counted as rejected, whatever was killed when.
    """
    publishing.start()
    publisher = LivePublisher(publishing, unreliable=True)
    kill_again_and_again(start_process, sessions, publisher, 5)
    publishing.stop()
    finished(sessions)

    told = manifest(sessions)
    assert publishing.published == lines(sessions)
    assert (publisher.lost, publisher.rubbish, publishing.seq) == (
        told["gaps"]["missing_envelopes"],
        sum(told["rejected"].values()),
        len(publishing.published) + publisher.lost + publisher.rubbish,
    )
