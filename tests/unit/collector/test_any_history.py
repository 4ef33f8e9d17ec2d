"""Any history of servers, read by a collector that ends at any moment, and checked by others."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from hypothesis import example, given, note, settings
from hypothesis import strategies as st

from services.collector.camera import Camera
from services.collector.checkpoints import Checkpoints
from services.collector.live_camera import LiveCamera
from services.collector.recorder import Recorder
from services.collector.sequence_tracker import SILENCE_S, TrackedRun
from services.collector.settings import Settings
from services.collector.transport.entries import received_envelope
from services.collector.transport.entry_ids import order_of
from smartspectra.ipc.storage.options import StorageOptions
from tests.support.running import load
from tests.support.verifier.check import check
from tests.support.verifier.entries import Entry
from tests.support.verifier.session_parts import lines_of, manifest_of
from tests.support.verifier.span import span_of
from tests.unit.collector.making import ReadOnlyDisk, unsaid
from tests.unit.ipc.making import START_US, edge, recording
from tests.unit.ipc.test_parts import LimitedDisk
from vitalrig.clock import ManualClock
from vitalrig.service.heartbeats import ServiceHeartbeats

ACTIONS = ("edge", "edge", "edge", "start", "stop", "lose")

runs = st.lists(
    st.fixed_dictionaries(
        {
            "actions": st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=12),
            "unsent": st.integers(0, 5),  # numbers that it gave at its end and nobody got
            "is_known": st.booleans(),  # whether the next run knows its last number
            "measures": st.booleans(),  # whether it says something else before its first state
            "takes_up": st.booleans(),  # whether it goes on with what the one before recorded
            "resent": st.integers(0, 4),  # of what the one before sent last, it sends so much again
            "pause_s": st.floats(0, 20),  # seconds of silence before it
        }
    ),
    min_size=1,
    max_size=5,
)
readings = st.lists(
    st.tuples(
        st.integers(1, 12),  # entries that are read at once
        st.sampled_from(["go on", "go on", "save", "crash", "stop", "refuse"]),
    ),
    max_size=20,
)


class History:
    """What servers, one after the other, wrote into a stream."""

    def __init__(self, runs: list[dict]) -> None:
        self.entries: list[Entry] = []
        self.made: dict[str, int] = {}
        self.sessions: list[str] = []
        self._ms = START_US // 1_000
        self._recorded = ""
        for number, run in enumerate(runs):
            self._ms += round(run["pause_s"] * 1_000)
            before, self._name, self._seq = f"run{number - 1}", f"run{number}", 0
            last = f"{before}:{self.made.get(before)}"
            self._follows = last if number and runs[number - 1]["is_known"] else ""
            for again in [e for e in self.entries if e.run == before][-run["resent"] - 1 : -1]:
                self._add(again)
            if run["measures"]:
                self._do("edge")
            self._begin(takes_up=run["takes_up"])
            for action in run["actions"]:
                self._do(action)
            self.made[self._name] = self._seq + run["unsent"]
        # Of what the last run did not send, nobody can know.
        self.made[self._name] = self.entries[-1].seq

    def _begin(self, *, takes_up: bool) -> None:
        if not (takes_up and self._recorded):
            self._recorded = ""
        self._say("recording_state", self._state())

    def _state(self) -> bytes:
        more = {"session_id": self._recorded} if self._recorded else {}
        return recording(bool(self._recorded), START_US + self._ms, **more)

    def _do(self, action: str) -> None:
        if action == "lose":
            self._seq += 1
        elif action == "edge":
            self._say("edge_metrics", edge(START_US + self._ms, value=len(self.entries)))
        elif (action == "start") != bool(self._recorded):
            self._recorded = f"session{len(self.sessions)}" if action == "start" else ""
            self.sessions += [self._recorded] if self._recorded else []
            self._say("recording_state", self._state())

    def _say(self, channel: str, envelope: bytes) -> None:
        self._seq += 1
        follows = self._follows if self._seq == 1 else ""
        self._add(Entry(self._name, self._seq, channel, envelope, follows=follows))

    def _add(self, entry: Entry) -> None:
        self._ms += 100
        fields = {name: getattr(entry, name) for name in Entry.__slots__}
        fields["entry_id"] = f"{self._ms}-0"
        self.entries.append(Entry(**fields))


class LimitedReadOnlyDisk(ReadOnlyDisk, LimitedDisk):
    """Refuses to write while it is read-only, and files that become too long at any time."""


class Collecting:
    """One camera that reads such a stream, ends and starts again."""

    def __init__(self, folder: Path, history: History, most_bytes: int) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self.clock = ManualClock(START_US + 10**9)
        self._history = history
        self._settings = load(Settings, sessions_folder=folder)
        self._start()

    def _start(self) -> None:
        self.disk = LimitedReadOnlyDisk(self._most_bytes)
        storage = StorageOptions(
            disk=self.disk, clock=self.clock.monotonic_s, fsync="always", lock=False
        )
        self._positions = Checkpoints(self.folder)
        recorder = Recorder("physiology", self._settings, self._positions, storage, unsaid())
        place = TrackedRun.of(self._positions.of("physiology"))
        beats = ServiceHeartbeats("collector", clock=self.clock)
        live = LiveCamera("physiology", place, beats, self.clock, unsaid())
        self.camera = Camera(live, recorder, place, beats, self.clock, unsaid())
        self._after = self._positions.of("physiology").entry_id or "0-0"

    def read(self, most: int) -> bool:
        """Read some; tells whether there was anything."""
        behind = [e for e in self._history.entries if order_of(e.entry_id) > order_of(self._after)]
        some = [_arrival(entry) for entry in behind[:most]]
        if some:
            self._after = some[-1].entry_id
            self.camera.take(some)
        self._tick()
        return bool(some)

    def _tick(self) -> None:
        self.camera.tick()
        if (again := self.camera.rewind_position()) is not None:
            self._after = again

    def do(self, what: str) -> None:
        if what == "save":
            self._positions.save()
        elif what == "refuse":
            self.disk.read_only = True
            self.read(5)
            self.disk.read_only = False
            self.clock.advance(40)
            self._tick()
        elif what == "crash":
            if (session := self.camera.recorder.collector._sessions.named) is not None:
                session.abandon()
            self._start()
        elif what == "stop":
            self.camera.recorder.close()
            self._positions.save()
            self._start()

    def finish(self) -> None:
        while self.read(1_000):
            pass
        for _ in self._history.made:
            self.clock.advance(SILENCE_S)
            self._tick()
        self.camera.recorder.close()


def _arrival(entry: Entry):
    fields = {name: str(getattr(entry, name)).encode() for name in ("run", "seq", "follows")}
    fields |= {"channel": entry.channel.encode(), "envelope": entry.envelope}
    as_redis_has_it = {name.encode(): value for name, value in fields.items()}
    return received_envelope("physiology", entry.entry_id.encode(), as_redis_has_it)


def findings(history: History, folder: Path) -> Iterator[tuple[str, list[str], bool]]:
    for name in history.sessions:
        span = span_of(name, history.entries, history.made)
        manifest = manifest_of(folder, name)
        found = check(span, lines_of(folder, name), manifest)
        note(f"{name}: {manifest['verdict']}")
        lost = [f"{key} is not in the file" for key in found.missing if key in span.entries]
        yield name, found.faults + lost, found.needless


def a_run(*actions, **more):
    return {
        "actions": list(actions), "unsent": 0, "is_known": True, "measures": False,
        "takes_up": False, "resent": 0, "pause_s": 0.0,
    } | more  # fmt: skip


# What was missing in a part that was full was counted in the next one as well, after a crash.
@example(
    [a_run("edge", "start", *["edge"] * 5, "lose"), a_run("edge", takes_up=True), a_run("edge")],
    [(10, "crash")],
    1_000,
)
@settings(deadline=None, max_examples=60)
@given(runs, readings, st.sampled_from([10**9, 10**9, 1_000]))
def test_through_any_history_nothing_is_lost_in_silence(runs, readings, most_bytes):
    """
    Every envelope of a session is in its file once, in order; or the session is not complete.

    A session of which is known that it lacks nothing is complete, whatever became of the collector.
    """
    all_is_known = all(run["is_known"] for run in runs[:-1])
    history = History(runs)
    with tempfile.TemporaryDirectory() as folder:
        collecting = Collecting(Path(folder), history, most_bytes)
        for most, what in readings:
            collecting.read(most)
            collecting.do(what)
        collecting.finish()

        assert [] == [
            (name, faults, needless)
            for name, faults, needless in findings(history, Path(folder))
            if faults or (needless and all_is_known)
        ]
