"""One camera's session files, each envelope exactly once through any restart."""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.collector.checkpoints import Checkpoint, Checkpoints
from services.collector.recording_events import RecordingEvents
from services.collector.replay_filter import ReplayFilter
from services.collector.resumption import Resumption
from services.collector.session_folder import SessionFolder, SessionPlace
from services.collector.session_names import given_name
from services.collector.session_owner import SessionOwner
from services.collector.settings import Settings
from services.collector.transport.base import ReceivedEnvelope
from services.collector.transport.entry_ids import entry_before
from smartspectra.ipc import MetricsCollector, MetricsCollectorConfig
from smartspectra.ipc.session.manifest import END_UNHEARD
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.wire.channels import RECORDING_STATE
from smartspectra.ipc.wire.envelope import BadEnvelope, Envelope, recording_of

log = logging.getLogger(__name__)

SAID_WITHIN_S = 60.0
"""What was finished so short a time ago is said once more, with the same key."""

SKIPPED = "numbers skipped in the stream"
BEGINNING_UNHEARD = "its beginning was not heard"
STOPPED = "the collector was stopped in it"
CUT_OFF = "the server that recorded it ended and did not take it up again"


class Recorder:
    """
    Writes what arrives between the start and the stop of a recording.

    The checkpoint is saved before a session begins; while it goes on, it follows what was synced,
    and whoever runs the recorder saves it now and then. After a crash, lines of the session's
    file that are beyond the saved checkpoint are what was written but not yet covered: as the
    stream gives those envelopes again, they are skipped one for one.

    What the disk does not take is not lost as long as the stream keeps it: `take` then says how
    far it came, and is given the rest again when there is room. What came by pub/sub cannot be
    given again; it is counted.

    A session belongs to the server's run that began it. A run after that which says that it
    records the same session takes it up; one that says anything else cuts it off.

    Args:
        prefix: The camera.
        settings: What the collector was told.
        checkpoints: Where positions are kept.
        storage: How files are written.
        events: Where is said what happens.

    Attributes:
        written: Envelopes that were given to the files.
        written_bytes: Their size there.
    """

    def __init__(
        self,
        prefix: str,
        settings: Settings,
        checkpoints: Checkpoints,
        storage: StorageOptions,
        events: RecordingEvents,
    ) -> None:
        self._events = events
        self._prefix = prefix
        self._checkpoints = checkpoints
        self._replay_filter = ReplayFilter()
        self._written: deque[Checkpoint] = deque()
        self._folder = SessionFolder(prefix, settings.sessions_folder)
        storage.disk.make_folder(self._folder.path)
        self._last = self._usable_checkpoint()
        self._resumption = Resumption(self._folder, self._replay_filter)
        self._owner = SessionOwner(self._last.session_run or self._last.run)
        self._begun_behind: str | None = self._last.entry_id or None
        self._noted_before = ""
        self.written = 0
        self.written_bytes = 0
        self._has_just_joined = False
        self._is_left_open = False
        self._left_open_id = ""
        config = MetricsCollectorConfig(
            redis_host=settings.redis_host,
            redis_port=settings.redis_port,
            redis_key_prefix=prefix,
            output_jsonl_path=self._folder.base.jsonl,
            output_json_path=self._folder.base.summary,
            max_samples_per_series=settings.max_samples_per_series,
            append_mode=True,
            whitespace=settings.whitespace,
        )
        interrupted = self._interrupted()
        storage = replace(storage, recover=not interrupted, finished=self._note_finished)
        self.collector = MetricsCollector(config, storage=storage)
        self.collector.start()
        if interrupted:
            self._resume(interrupted)
            self.collector.finish_interrupted()
        # A crash just after the end of a session may have cost the word of it.
        just_now_s = storage.wall_clock() - SAID_WITHIN_S
        for manifest in self._folder.finished_since(just_now_s):
            self._events.close(manifest)

    @property
    def recording(self) -> bool:
        """
        Whether a session is open.
        """
        return self.collector.recording

    @property
    def _is_open(self) -> bool:
        """Whether a session is open, and its file too: the disk may have refused it so far."""
        return self.recording and self.collector.durable_position is not None

    @property
    def session_id(self) -> str:
        """
        The open session's id; empty for none.
        """
        return (self.collector.current_session_id or "") if self.recording else ""

    @property
    def _recorded_id(self) -> str:
        """What the open recording is called as a whole, also in a later part of it."""
        return self.collector.recorded_id or ""

    def _note_finished(self, manifest: Mapping[str, Any]) -> None:
        """Say that a session's files are finished, but for one that a restart goes on with."""
        if manifest["session_id"] not in (None, self._left_open_id):
            self._events.close(manifest)

    @property
    def trouble(self) -> str | None:
        """
        Why something is not written that should be, or None.
        """
        return self.collector.paused or self._resumption.trouble or self.collector.unfinished

    def take(self, arrivals: Sequence[ReceivedEnvelope]) -> int:
        """
        Take what arrived together, in order.

        Returns:
            How many, from the front, are dealt with. The disk refused the next one; give it
            and all after it again when the collector is no longer paused.
        """
        if arrivals and _comes_again(arrivals[0]) and not self._resumption.is_done():
            return 0
        taken = 0
        alone = [place for place, arrival in enumerate(arrivals) if _stands_alone(arrival)]
        for place in alone:
            arrival = arrivals[place]
            taken += self._take_lines(arrivals[taken:place])
            if taken < place or not self._take_alone(arrival):
                break
            taken = place + 1
        else:
            taken += self._take_lines(arrivals[taken:])
        if taken and self._knows_checkpoint:
            self._written.append(self._checkpoint())
        return taken

    def tick(self) -> None:
        """
        Sync by policy, write due snapshots, and note how far the files are.
        """
        self.collector.tick()
        if self.collector.finishing:
            return  # until the disk has all of it, a crash must lead back to before its end
        if self.recording:
            covered = None
            while self._written and self._is_durable(self._written[0]):
                covered = self._written.popleft()
            if covered is not None:
                self._checkpoints.set(self._prefix, covered)
        elif not self.collector.unfinished:
            self._written.clear()
            self._checkpoints.set(self._prefix, self._last)

    def _is_durable(self, checkpoint: Checkpoint) -> bool:
        """Whether the disk has what the checkpoint covers."""
        if checkpoint.session_id != self.session_id:
            return not self.collector.unfinished  # finishing a session syncs it
        durable = self.collector.durable_position
        return durable is not None and checkpoint.size_bytes <= durable[1]

    @property
    def holds_back(self) -> bool:
        """
        Whether what is given now may not be taken: the disk refuses, or must have an end first.
        """
        return self.collector.paused is not None or self.collector.finishing

    def begin_close(self) -> None:
        """
        Begin to finish the open files for now; a restart goes on in the open session.
        """
        if self._knows_checkpoint:
            self._checkpoints.set(self._prefix, self._checkpoint())
        if self.recording:
            # A restart goes on from the checkpoint, which knows nothing of this.
            self.collector.note_cut_off(STOPPED)
            self._is_left_open, self._left_open_id = True, self.session_id
        self.collector.begin_stop()

    def close(self) -> None:
        """
        Wait until the files are finished. Checkpoints are for the caller to save, after that.
        """
        self.begin_close()
        self.collector.stop()
        if not (self._is_left_open or self.collector.unfinished):
            self._checkpoints.set(self._prefix, self._last)

    @property
    def _knows_checkpoint(self) -> bool:
        """Whether the file ends where the stream is: not while it is ahead."""
        return self.recording and not len(self._replay_filter)

    def _checkpoint(self) -> Checkpoint:
        session_id = self.session_id
        return replace(
            self._last,
            session_id=session_id,
            session_run=self._owner.run,
            size_bytes=self._size_bytes(session_id),
            losses=self.collector.losses,
        )

    def _size_bytes(self, session_id: str) -> int:
        size_bytes = self.collector.size_bytes
        return self._folder.size_bytes(session_id) if size_bytes is None else size_bytes

    def _take_lines(self, arrivals: Sequence[ReceivedEnvelope]) -> int:
        if arrivals:
            self._owner.adopt(arrivals[0].run)
        places: Sequence[int] = range(len(arrivals)) if self.recording else ()
        if len(self._replay_filter):
            places = [at for at in places if not self._was_written(arrivals[at].envelope)]
        lines = [arrivals[place].envelope for place in places]
        taken = len(arrivals)
        if lines:
            kept = self._record(lines, [arrivals[place].parsed for place in places], arrivals[0])
            taken = taken if kept == len(lines) else places[kept]
        if taken:
            self._last = _checkpoint_of(arrivals[taken - 1])
        return taken

    def _record(
        self, lines: Sequence[bytes], parsed: Sequence[Any], first: ReceivedEnvelope
    ) -> int:
        lost = self.collector.unwritten
        kept = self.collector.process_envelopes(lines, give_back=_comes_again(first), parsed=parsed)
        written = lines[: kept - (self.collector.unwritten - lost)]
        self.written += len(written)
        self.written_bytes += sum(map(len, written)) + len(written)
        return kept

    def _take_alone(self, arrival: ReceivedEnvelope) -> bool:
        """Take what may begin or end a session, or leave a gap before itself."""
        if arrival.is_replayed_state:
            self._take_recalled(arrival)
            return True
        self._note_what_is_before(arrival)
        if arrival.channel != RECORDING_STATE:
            return self._take_lines([arrival]) == 1
        if not self._take_recording_state(arrival):
            return False
        self._last = _checkpoint_of(arrival)
        return True

    def _note_what_is_before(self, arrival: ReceivedEnvelope) -> None:
        # Else an earlier part counts it, and this one would count it again.
        counts_here = self.recording and not self._replay_filter.is_settled(arrival.envelope)
        if counts_here and self._noted_before != (arrival.entry_id or None):
            self._noted_before = arrival.entry_id
            self.collector.note_foreign(arrival.foreign)
            if arrival.gap and not self._has_just_joined:
                self.collector.note_gap(0, arrival.gap, arrival.gap_s)
        self._has_just_joined = False
        before = replace(self._last, run=arrival.run, seq=arrival.seq - 1)
        if arrival.missing and self._last != before:
            # A Redis that was killed may have lost what it gave us before we were restarted.
            missing = arrival.missing - self._replay_filter.forget_before(arrival.envelope)
            if counts_here and missing > 0:
                self.collector.note_gap(missing, SKIPPED)
            # All before it is accounted for now, also if the disk refuses the arrival itself.
            self._last = before

    def _take_recording_state(self, arrival: ReceivedEnvelope) -> bool:
        try:
            envelope = Envelope.parse(arrival.envelope)
        except BadEnvelope:
            self.collector.process_envelope(arrival.envelope)  # which counts it
            return True
        begins = recording_of(envelope.payload)
        if self._was_written(arrival.envelope):
            if begins is False:
                self._end(arrival)
            elif begins:
                self._owner.run = arrival.run
                if entry_before(arrival.entry_id) == self._begun_behind:
                    # It may not have been said before the crash.
                    self._events.start(self._recorded_id, arrival, envelope.timestamp_us)
            return True
        if begins and not self._goes_on(arrival, envelope):
            return self._begin(arrival, envelope)
        if not self.recording:
            return True
        if begins is False:
            self._note_if_cut_off(arrival)
        elif begins:
            self._owner.run = arrival.run
        return self._write_state(arrival)

    def _goes_on(self, arrival: ReceivedEnvelope, envelope: Envelope) -> bool:
        """Whether a start says again what is so already; its run need not say the name again."""
        if not self._is_open:
            return False
        given = given_name(envelope)
        if given is None:
            return not self._owner.is_another(arrival.run)
        return self.collector.records(given)

    def _note_if_cut_off(self, arrival: ReceivedEnvelope) -> None:
        if self._owner.is_another(arrival.run):
            self.collector.note_cut_off(CUT_OFF)

    def _write_state(self, arrival: ReceivedEnvelope) -> bool:
        session_id, recorded_id = self.session_id, self._recorded_id
        taken = self._record([arrival.envelope], [arrival.parsed], arrival)
        if session_id and not self.recording:
            log.info("recording finished", extra={"camera": self._prefix, "session": session_id})
            why = CUT_OFF if self._owner.is_another(arrival.run) else ""
            self._events.stop(recorded_id, arrival, why)
        return taken == 1

    def _begin(self, arrival: ReceivedEnvelope, envelope: Envelope) -> bool:
        if not self._has_finished(arrival):
            return False
        before = entry_before(arrival.entry_id) if arrival.entry_id else ""
        session_id, start_bytes = self._place_of_start(arrival, envelope, before)
        # First the intent, then the file: should we die in between, its lines are recognised.
        if self.recording and session_id != self.session_id:
            self._end_without_stop(arrival)
            if not self._has_finished(arrival):
                self._begun_behind = None
                return False
        self._owner.run = arrival.run
        self._intend(session_id, before)
        if arrival.entry_id and start_bytes is not None:
            self._begin_again(arrival.envelope, session_id, start_bytes)
            self._events.start(session_id, arrival, envelope.timestamp_us)
            return True
        self.collector.set_session_id(session_id)
        if not self._write_state(arrival):
            return False
        log.info("recording started", extra={"camera": self._prefix, "session": session_id})
        self._events.start(session_id, arrival, envelope.timestamp_us)
        return True

    def _has_finished(self, arrival: ReceivedEnvelope) -> bool:
        """Whether the session before is all on the disk; waits if the start cannot come again."""
        if self.collector.finishing and _comes_again(arrival):
            return False
        self.collector.wait_until_finished()
        return True

    def _place_of_start(
        self, arrival: ReceivedEnvelope, envelope: Envelope, before: str
    ) -> SessionPlace:
        refused_id = self.collector.current_session_id if before == self._begun_behind else None
        self._begun_behind = before or None
        if refused_id and given_name(envelope) in {None, refused_id}:
            # The disk refused this start before, and may have left a file: that is its session.
            return self._folder.place_in(refused_id, arrival.envelope)
        return self._folder.place_of_start(arrival.envelope, envelope)

    def _intend(self, session_id: str, entry_id: str) -> None:
        size_bytes = self._folder.size_bytes(session_id)
        self._checkpoints.set(
            self._prefix,
            replace(
                self._last,
                entry_id=entry_id,
                session_id=session_id,
                session_run=self._owner.run,
                size_bytes=size_bytes,
            ),
        )
        self._checkpoints.save_unsynced()
        self._written.clear()

    def _begin_again(self, start: bytes, session_id: str, start_bytes: int) -> None:
        """Go on with a session whose start is in its file already: the checkpoint was lost."""
        later = self._folder.later_parts(session_id)
        are_settled = self._folder.are_settled(session_id)
        path = self._folder.jsonl(session_id)
        self._replay_filter.read(path, start_bytes, *later, are_settled=are_settled)
        self._replay_filter.take(start)
        self.collector.resume_session(
            session_id, made_whole=True, losses={}, sound_bytes=start_bytes
        )
        log.warning("recording found again", extra={"camera": self._prefix, "session": session_id})

    def _end(self, arrival: ReceivedEnvelope) -> None:
        self._note_if_cut_off(arrival)
        self._finish(arrival, CUT_OFF if self._owner.is_another(arrival.run) else "")

    def _end_without_stop(self, arrival: ReceivedEnvelope) -> None:
        if self._owner.is_another(arrival.run):
            self.collector.note_cut_off(CUT_OFF)
            self._finish(arrival, CUT_OFF)
        else:
            self.collector.note_gap(0, END_UNHEARD)
            self._finish(arrival, END_UNHEARD)

    def _finish(self, arrival: ReceivedEnvelope, why: str) -> None:
        session_id, recorded_id = self.session_id, self._recorded_id
        self.collector.set_recording_state(False)
        log.info("recording finished", extra={"camera": self._prefix, "session": session_id})
        self._events.stop(recorded_id, arrival, why)

    def _take_recalled(self, arrival: ReceivedEnvelope) -> None:
        """Apply a recording state that was missed and read back later; it is not written."""
        try:
            envelope = Envelope.parse(arrival.envelope)
        except BadEnvelope:
            return
        begins = recording_of(envelope.payload)
        session_id, _ = self._folder.place_of_last_start(arrival.envelope, envelope)
        if begins and not self.collector.records(session_id):
            self._end_unheard(arrival)
            if self._folder.is_finished(session_id):
                log.warning(
                    "the last recording is finished already; waiting for another",
                    extra={"camera": self._prefix, "session": session_id},
                )
                return
            self._owner.run = arrival.run
            self._intend(session_id, arrival.entry_id)
            self.collector.set_session_id(session_id)
            self.collector.set_recording_state(True)
            self.collector.note_gap(0, BEGINNING_UNHEARD)
            self._has_just_joined = True
            log.info("recording joined", extra={"camera": self._prefix, "session": session_id})
            self._events.start(session_id, arrival, envelope.timestamp_us, joined=True)
        elif begins:
            self._owner.run = arrival.run  # it may have been taken up again unheard
        elif begins is False and (envelope.timestamp_us or 0) // 1000 >= self._started_ms():
            self._end_unheard(arrival)

    def _end_unheard(self, arrival: ReceivedEnvelope) -> None:
        if self.recording:
            self.collector.note_gap(0, END_UNHEARD)
            self._finish(arrival, END_UNHEARD)
            self.collector.wait_until_finished()

    def _started_ms(self) -> int:
        return self.collector.session_start_ms or 0

    def _was_written(self, envelope: bytes) -> bool:
        if not len(self._replay_filter):
            return False
        if self._replay_filter.take(envelope):
            return True
        try:
            Envelope.parse(envelope)
        except BadEnvelope:
            return False  # never was a line, so it says nothing
        self._replay_filter.clear()
        return False

    def _usable_checkpoint(self) -> Checkpoint:
        checkpoint = self._checkpoints.of(self._prefix)
        session_id = checkpoint.session_id
        if session_id and not self._folder.ends_line_at(session_id, checkpoint.size_bytes):
            path = self._folder.jsonl(session_id)
            self._checkpoints.set_aside(self._prefix, f"{path} is not the file that it is of")
        return self._checkpoints.of(self._prefix)

    def _interrupted(self) -> str:
        session_id = self._last.session_id
        if not session_id or not self._folder.jsonl(session_id).exists():
            return ""
        # What was only published does not come again, its stop neither.
        is_over = not self._last.entry_id and self._folder.is_over(session_id)
        return "" if is_over else session_id

    def _resume(self, session_id: str) -> None:
        comes_again = bool(self._last.entry_id)
        self.collector.resume_session(
            session_id,
            made_whole=comes_again,
            losses=self._last.losses if comes_again else None,
            sound_bytes=self._last.size_bytes if comes_again else None,
        )
        if comes_again:
            self._resumption.begin(session_id, self._last.size_bytes)
        log.info(
            "recording resumed",
            extra={
                "camera": self._prefix,
                "session": session_id,
                "ahead": len(self._replay_filter),
            },
        )


def _stands_alone(arrival: ReceivedEnvelope) -> bool:
    return (
        arrival.channel == RECORDING_STATE
        or bool(arrival.gap)
        or arrival.missing > 0
        or arrival.foreign > 0
        or arrival.is_replayed_state
    )


def _comes_again(arrival: ReceivedEnvelope) -> bool:
    """Whether the stream keeps it, rather than that it was published and is gone."""
    return bool(arrival.entry_id)


def _checkpoint_of(arrival: ReceivedEnvelope) -> Checkpoint:
    return Checkpoint(arrival.entry_id, arrival.run, arrival.seq)
