"""
What the rig promises in both modes, written once; tests/stack and tests/e2e give the rig.

The tests of a class share one rig and run in this order.
"""

import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.eventually import eventually
from tests.support.kept_events import files_of, kept, types_of
from tests.support.programs import program
from tests.support.rig_handles import Published, RigHandle
from tests.support.rpc import connected

PULSE_RATE = 84
BREATHING_RATE = 18
ASKED_FOR = {
    "VITALRIG_PHYSIOLOGY_SERVER_PULSE_RATE": str(PULSE_RATE),
    "VITALRIG_PHYSIOLOGY_SERVER_BREATHING_RATE": str(BREATHING_RATE),
}
REDIS_AWAY_S = 10
OUR_PORTS = ("GRPC_PORT", "EXPORTER_PORT", "TELEMETRY_PORT", "REDIS_PORT")
# 127.0.0.1, and the same as gRPC's IPv6 socket has it, in the form of /proc/net/tcp.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F"}


def median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def samples(page: str, name: str) -> dict[str, float]:
    """The samples of one metric, by their labels as they stand on the page."""
    found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", page, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def published_in(session: str, stream: list[Published]) -> list[Published]:
    """
    What was published from a session's start to its stop, both included.

    An entry that comes again under its number, because Redis ended before it could answer, is one.
    """
    stream = list({(entry.run, entry.seq): entry for entry in stream}.values())
    states = [
        (place, json.loads(entry.envelope)["payload"])
        for place, entry in enumerate(stream)
        if entry.channel == "recording_state"
    ]
    starts = [place for place, state in states if state.get("session_id") == session]
    first = next(place for place, state in states if place in starts and state["recording"])
    last = next(place for place, state in states if place > first and not state["recording"])
    return stream[first : last + 1]


@contextmanager
def recording(rig: RigHandle, session: str) -> Iterator[Path]:
    """Record, as a client does, while the block runs; then wait for the summary."""
    jsonl = rig.sessions / f"metrics_{session}.jsonl"
    with connected(rig.server) as server:
        server.start()
        server.set_recording(recording=True, session_id=session)
        try:
            eventually(lambda: len(lines(jsonl)) > 30)
            yield jsonl
        finally:
            server.set_recording(recording=False)
    summary = rig.sessions / f"metrics_{session}.json"
    eventually(lambda: summary.exists() and "stopped_at_ms" in summary.read_text())


def assert_each_exactly_once(expected: list[str], actual: list[str]) -> None:
    """Equal, in order; said in numbers, for the envelopes are long and many."""
    missing = Counter(expected) - Counter(actual)
    extra = Counter(actual) - Counter(expected)
    assert (0, 0) == (missing.total(), extra.total()), "envelopes missing, envelopes too many"
    assert expected == actual, "the envelopes are all there, in another order"


class RigPromises:
    """What the rig promises, however it is run. A subclass gives the fixture ``rig``, started."""

    def test_started_again_it_changes_nothing(self, rig):
        """
        `make up` is safe to repeat: the same processes run on.
        """
        before = rig.identities()

        rig.verb("up")

        assert before == rig.identities()

    def test_it_says_where_everything_is(self, rig):
        """
        The addresses, the folder of session files, and what to try next.
        """
        said = rig.verb("up").stdout

        assert rig.server in said
        assert f"{rig.environment['EXPORTER_PORT']}/metrics" in said
        assert f"http://127.0.0.1:{rig.environment['TELEMETRY_PORT']}/" in said
        assert str(rig.sessions) in said
        assert "make record" in said

    def test_nothing_is_reachable_from_other_machines(self, rig):
        """
        Every port of the rig is bound to 127.0.0.1 alone.
        """
        ours = {int(rig.environment[name]) for name in OUR_PORTS}

        found = {address for address, port in listeners() if port in ours}
        assert found
        assert found <= LOOPBACK

    def test_a_recording_leaves_files_with_the_rates_that_were_asked_for(self, rig):
        """
        The main job: one command, three files, and in them the person's pulse and breathing.
        """
        rig.verb("record", "--seconds", "10", "--session", "first")

        envelopes = [json.loads(line) for line in lines(rig.sessions / "metrics_first.jsonl")]
        summary = json.loads((rig.sessions / "metrics_first.json").read_text())
        snapshot = json.loads((rig.sessions / "metrics_first_snapshot_temp.json").read_text())
        core = summary["series"]["physiology:core_metrics"]
        edge = summary["series"]["physiology:edge_metrics"]
        assert len(envelopes) > 300
        assert "first" == snapshot["meta"]["session_id"] == summary["meta"]["session_id"]
        assert "synthetic" == summary["meta"]["source"]
        assert abs(median(core["pulse.rate"]["values"]) - PULSE_RATE) < 2
        assert abs(median(core["breathing.rate"]["values"]) - BREATHING_RATE) < 1
        assert len(edge["eda.trace"]["values"]) > 30

    def test_a_recording_leaves_a_run_that_tells_of_it_once(self, rig):
        """
        From its start to the manifest's verdict, in a folder of its own, and over HTTP.
        """
        manifest = json.loads((rig.sessions / "metrics_first_manifest.json").read_text())
        telemetry = rig.environment.telemetry
        eventually(lambda: "session.closed" in types_of(kept(telemetry)))

        told = kept(telemetry, "recording.started", "recording.stopped", "session.closed")
        served = rig.get_telemetry("/runs/first/events")
        assert ["recording.started", "recording.stopped", "session.closed"] == types_of(told)
        assert {"first"} == {event["meta"]["run_id"] for event in told}
        assert {"recordings/first/telemetry.ndjson"} == files_of(telemetry, "session.closed")
        assert manifest["verdict"] == told[-1]["data"]["verdict"]
        assert manifest["verdict"] in served

    def test_metrics_show_the_person_and_pass_promtool(self, rig):
        """
        What Prometheus scrapes is well-formed and holds the live numbers.
        """
        promtool = program("promtool", package="prometheus")
        page = rig.metrics()

        checked = subprocess.run(
            [promtool, "check", "metrics"], input=page, capture_output=True, text=True, check=False
        )

        (pulse,) = samples(page, "vitalrig_pulse_rate_beats_per_minute").values()
        assert (0, "") == (checked.returncode, checked.stdout + checked.stderr)
        assert abs(pulse - PULSE_RATE) < 2
        assert {"": 1.0} == samples(page, "vitalrig_redis_up")

    def test_a_killed_collector_comes_back_and_loses_nothing(self, rig):
        """
        After kill -9 in mid-recording it goes on in the same session, with no envelope missing.

        Every envelope that was published is in the file exactly once.
        """
        with recording(rig, "killed") as jsonl:
            before = rig.identities()
            rig.kill("collector")
            eventually(lambda: rig.identities()["collector"] not in {before["collector"], "0"}, 20)
            back_at = len(lines(jsonl))
            eventually(lambda: len(lines(jsonl)) > back_at + 60)
        after = rig.identities()

        published = published_in("killed", rig.stream())
        assert_each_exactly_once([entry.envelope for entry in published], lines(jsonl))
        others = [name for name in before if name != "collector"]
        assert {n: before[n] for n in others} == {n: after[n] for n in others}
        eventually(lambda: not rig.unhealthy())

    def test_a_redis_that_was_away_is_survived_and_counted(self, rig):
        """
        Redis stops for 10 s in mid-recording, and nobody has to do anything.

        All services are healthy within 15 s of its return, none of them was restarted, the gap is
        counted, and the recording is whole.
        """
        services = ("physiology_server", "collector", "exporter", "telemetry")
        with recording(rig, "gap") as jsonl:
            before = rig.identities()
            rig.stop("redis")
            stopped_s = time.monotonic()
            away = eventually(
                lambda: page if samples(page := rig.metrics(), "vitalrig_redis_up")[""] == 0 else ""
            )
            eventually(lambda: time.monotonic() - stopped_s >= REDIS_AWAY_S, REDIS_AWAY_S + 1)
            rig.start("redis")
            eventually(lambda: not rig.unhealthy())
            back_at = len(lines(jsonl))
            eventually(lambda: len(lines(jsonl)) > back_at + 60)
        page = eventually(lambda: self._counted(rig))

        assert {} == samples(away, "vitalrig_pulse_rate_beats_per_minute"), (
            "shown as if it were live"
        )
        assert {name: before[name] for name in services} == {
            name: rig.identities()[name] for name in services
        }
        disconnects = samples(page, "vitalrig_redis_disconnects_total")
        assert all(
            any(
                f'service="{name}"' in labels and count >= 1
                for labels, count in disconnects.items()
            )
            for name in ("physiology_server", "collector")
        ), disconnects
        published = published_in("gap", rig.stream())
        assert [*range(published[0].seq, published[0].seq + len(published))] == [
            entry.seq for entry in published
        ], "envelopes were lost on the way to Redis"
        assert_each_exactly_once([entry.envelope for entry in published], lines(jsonl))

    @staticmethod
    def _counted(rig: RigHandle) -> str:
        page = rig.metrics()
        away_s = samples(page, "vitalrig_redis_away_seconds_total").values()
        return page if sum(value >= REDIS_AWAY_S / 2 for value in away_s) >= 2 else ""

    def test_logs_of_one_service_are_shown(self, rig):
        """
        `make logs SERVICE=collector` shows what the collector wrote: JSON, a line an event.
        """
        said = rig.verb("logs", "collector").stdout

        events = [json.loads(line[line.index("{") :]) for line in said.splitlines() if "{" in line]
        assert "collector ready" in {event["event"] for event in events}

    def test_purge_without_a_terminal_deletes_nothing(self, rig):
        """
        A script that calls it by mistake costs no recording.
        """
        refused = rig.verb("purge", check=False)

        assert 1 == refused.returncode
        assert "YES=1" in refused.stderr
        assert not rig.unhealthy()

    def test_down_leaves_no_process_and_keeps_the_data(self, rig):
        """
        What was recorded is there after the rig has ended, byte for byte.
        """
        jsonl = rig.sessions / "metrics_first.jsonl"
        before = jsonl.read_bytes()

        rig.verb("down")

        ours = {int(rig.environment[name]) for name in OUR_PORTS}
        assert [] == list(rig.left())
        assert [] == [port for _, port in listeners() if port in ours]
        assert before == jsonl.read_bytes()

    def test_purge_that_is_meant_deletes_all_data(self, rig):
        """
        After `make purge` nothing that was measured is left.
        """
        rig.verb("purge", YES="1")

        assert [] == list(rig.sessions.parent.rglob("metrics_*"))
        assert [] == list(rig.left())


def listeners() -> list[tuple[str, int]]:
    """All TCP ports that are listened to: address as the kernel writes it, and port."""
    found = []
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":  # LISTEN
                address, _, port = fields[1].partition(":")
                found.append((address, int(port, 16)))
    return found
