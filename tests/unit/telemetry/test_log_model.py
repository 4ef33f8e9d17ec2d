"""A log beside a model of it, whatever is done and however it ends in between."""

import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.support.rounds import rounds
from tests.support.telemetry_log import Now, a_service, an_event, crashed
from vitalrig.telemetry.event_line import parsed
from vitalrig.telemetry.event_query import EventQuery
from vitalrig.telemetry.log_checkpoint import CHECKPOINT_FILE

KINDS = st.sampled_from(["a", "b", "c"])
CAMERAS = st.sampled_from(["one", "two"])


@dataclass
class Kept:
    """What the model knows of an event."""

    answer: dict
    run: int | None
    is_current: bool
    is_stored: bool
    is_in_checkpoint: bool = False


class LogBesideModel(RuleBasedStateMachine):
    """Events, runs, recordings, days, and ends of all kinds."""

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="telemetry-model-"))
        self.now = Now()
        self.service = a_service(self.folder, now_provider=self.now)
        self.kept = []
        self.seq = 0
        self.runs = 0
        self.client = None
        self.recordings = {}
        self.keys = {}

    def teardown(self):
        self.service.close()
        shutil.rmtree(self.folder)

    def _note(self, request, answer, from_rig):
        self.seq += 1
        assert self.seq == answer["seq"]
        camera = request.meta.get("camera")
        if self.client is not None and not from_rig:
            run = self.client
        elif camera is not None:
            run = self.recordings.get(camera)
        else:
            only = len(self.recordings) == 1 and not from_rig
            run = next(iter(self.recordings.values())) if only else None
        assert (run is not None) == ("run_id" in answer["meta"])
        self.kept.append(Kept(answer, run, request.make_current, request.store_permanently))

    def _request(self, kind, camera, current, stored, key=None):
        meta = {} if camera is None else {"camera": camera}
        return an_event(kind, len(self.kept), meta=meta, make_current=current,
                        store_permanently=stored, key=key)  # fmt: skip

    @rule(kind=KINDS, camera=st.none() | CAMERAS, current=st.booleans(), stored=st.booleans(),
          from_rig=st.booleans())  # fmt: skip
    def post(self, kind, camera, current, stored, from_rig):
        request = self._request(kind, camera, current, stored)
        self._note(request, self.service.append_event(request, from_rig=from_rig), from_rig)

    @rule(events=st.lists(st.tuples(KINDS, st.none() | CAMERAS, st.booleans(), st.booleans()),
                          max_size=4))  # fmt: skip
    def post_batch(self, events):
        requests = [self._request(*each) for each in events]
        answers = self.service.append_events(requests)
        for request, answer in zip(requests, answers, strict=True):
            self._note(request, answer, from_rig=False)

    @rule(kind=KINDS, key=st.sampled_from(["k1", "k2", "k3"]))
    def post_with_key(self, kind, key):
        if key in self.keys:
            request, first = self.keys[key]
            assert first == self.service.append_event(request)
        else:
            request = self._request(kind, None, current=True, stored=True, key=key)
            answer = self.service.append_event(request)
            self.keys[key] = request, answer
            self._note(request, answer, from_rig=False)

    @rule()
    def start_or_stop_the_client_s_run(self):
        if self.client is None:
            self.service.start_run(run_dir=f"folder{self.runs % 2}", run_id=f"run{self.runs}")
            self.runs += 1
            self.client = self.runs
        else:
            self.service.stop_run()
            self.client = None

    @rule(camera=CAMERAS)
    def start_or_stop_a_recording(self, camera):
        if camera in self.recordings:
            self.service.stop_recording_run(f"session of {camera}")
            del self.recordings[camera]
        else:
            self.service.start_recording_run(f"session of {camera}", camera)
            self.runs += 1
            self.recordings[camera] = self.runs

    @rule()
    def a_day_passes(self):
        self.now.now += timedelta(days=1)
        self.service._log.files.close_all_but((), unsynced=True)
        self.service.pack_closed_days()

    @rule(is_crash=st.booleans(), keeps_checkpoint=st.booleans())
    def it_ends_and_begins_again(self, is_crash, keeps_checkpoint):
        if is_crash:
            crashed(self.service)
        else:
            self.service.close()
            for event in self.kept:
                event.is_in_checkpoint = True
        if not keeps_checkpoint:
            (self.folder / "site" / CHECKPOINT_FILE).unlink(missing_ok=True)
            for event in self.kept:
                event.is_in_checkpoint = False
        self.kept = [each for each in self.kept if each.is_stored or each.is_in_checkpoint]
        self.service = a_service(self.folder, now_provider=self.now)

    @invariant()
    def numbers_are_those_of_the_model(self):
        assert self.seq == self.service.last_seq
        active = ([] if self.client is None else [self.client]) + list(self.recordings.values())
        found = [run["number"] for run in self.service.runs() if run["stopped_at"] is None]
        assert sorted(active) == found

    @invariant()
    def what_is_current_is_that_of_the_model(self):
        site, of_recordings, of_client = {}, {}, {}
        for event in self.kept:
            if event.is_current:
                if event.run is None:
                    site[event.answer["type"]] = event.answer
                elif event.run == self.client:
                    of_client[event.answer["type"]] = event.answer
                elif event.run in self.recordings.values():
                    of_recordings[event.answer["type"]] = event.answer
        assert site | of_recordings | of_client == self.service.current_snapshot()["current"]

    @invariant()
    def what_is_read_is_that_of_the_model(self):
        stored = [event.answer for event in self.kept if event.is_stored]
        for backwards in (False, True):
            lines = map(parsed, self.service.read_lines(EventQuery(backwards=backwards)))
            found = [{name: line[name] for name in stored[0]} for line in lines]
            assert found == (stored[::-1] if backwards else stored)


LogBesideModel.TestCase.settings = settings(
    max_examples=rounds(15, 500), stateful_step_count=rounds(20, 60), deadline=None
)


class TestLog(LogBesideModel.TestCase):
    """
    Numbers, runs, the current view and what is read back are always those of the model.
    """
