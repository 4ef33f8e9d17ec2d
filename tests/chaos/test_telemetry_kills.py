"""A telemetry server that is killed under eight clients, again and again."""

import threading
import time

from tests.support.dice import a_dice
from tests.support.eventually import eventually
from tests.support.patience import PATIENCE_S
from tests.support.rounds import rounds
from vitalrig.telemetry import TelemetryClient, telemetry_server

CLIENTS = 8


class Poster(threading.Thread):
    """A client that posts until its server is gone, and remembers what was acknowledged."""

    def __init__(self, port, name):
        super().__init__(daemon=True)
        self.client = TelemetryClient("127.0.0.1", port, timeout=PATIENCE_S)
        self.kind = name
        self.acknowledged = []

    def run(self):
        try:
            for number in range(1_000_000):
                event = self.client.post_event(self.kind, number)
                self.acknowledged.append((event["seq"], self.kind, number))
        except OSError:
            self.client.close()


def started(folder):
    process = telemetry_server(folder, "127.0.0.1", 0)
    return process, TelemetryClient("127.0.0.1", process.port, timeout=PATIENCE_S)


def test_no_acknowledged_event_is_lost_over_http_however_often_the_server_is_killed(tmp_path):
    """
    Numbers are given once, and the current view and the run are there again.
    """
    dice = a_dice()
    last, runs = 0, 0
    for count in range(rounds(2, 100)):
        process, client = started(tmp_path)
        if count % 2 and not client.ready()["run_active"]:
            client.start_run()
            runs += 1
        posters = [Poster(process.port, f"{count}-{each}") for each in range(CLIENTS)]
        for poster in posters:
            poster.start()
        eventually(lambda posters=posters: all(poster.acknowledged for poster in posters))
        time.sleep(dice.uniform(0.0, 0.3))  # the moment of the kill is chance
        process.kill()
        process.join(PATIENCE_S)
        for poster in posters:
            poster.join(PATIENCE_S)

        process, client = started(tmp_path)
        current = client.current()["current"]
        found = [(each["seq"], each["type"], each["data"]) for each in client.events(since=last)]
        assert list(range(last + 1, last + len(found) + 1)) == [seq for seq, *_ in found]
        last += len(found)
        for poster in posters:
            assert set(poster.acknowledged) <= set(found)
            assert current[poster.kind]["data"] >= poster.acknowledged[-1][2]
        assert bool(runs) == client.ready()["run_active"]
        client.shutdown()
        process.join(PATIENCE_S)
