"""A collector's sessions: what has no id, at most one named session, and loose ends."""

import logging
from collections import Counter

from smartspectra.ipc.config import MetricsCollectorConfig
from smartspectra.ipc.session.manifest import OPEN
from smartspectra.ipc.session.parts import Part
from smartspectra.ipc.session.recovery import finish_interrupted
from smartspectra.ipc.session.session import NOT_RESUMED, ResumptionFacts, Session
from smartspectra.ipc.session.writer import SessionWriter
from smartspectra.ipc.storage.options import StorageOptions
from smartspectra.ipc.storage.outage import Outage
from smartspectra.ipc.storage.session_paths import SessionPaths
from smartspectra.ipc.storage.stages import Stages
from smartspectra.ipc.storage.worker import SerialQueue

log = logging.getLogger(__name__)

NO_FILES = SessionPaths(None, None)
NO_PART = Part(None, NO_FILES)

_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 30.0


class SessionManager:
    """
    Begins and finishes sessions, and has what is slow done beside the recording.

    Attributes:
        unnamed: What is recorded outside of named sessions.
        named: The session under an id, if one is open.
        last: The session that was finished last, a named one if there was any.
        writer: Writes to sessions' files.
    """

    def __init__(self, config: MetricsCollectorConfig, options: StorageOptions) -> None:
        self._config = config
        self._options = options
        self._documents = SerialQueue(options.background.documents, options.disk, "snapshot")
        self._ended: list[_Ended] = []
        self._unfinished: list[Session] = []
        self._outage = Outage(_FIRST_WAIT_S, _LONGEST_WAIT_S, options.clock)
        self._finished_tally: Counter[str] = Counter()
        self.writer = SessionWriter(options)
        self.unnamed = self.new(NO_PART)
        self.named: Session | None = None
        self.last: Session | None = None

    @property
    def unfinished(self) -> str | None:
        """Why a session that has ended still lacks its summary, or None."""
        return self._outage.why

    @property
    def current(self) -> Session:
        """Where an envelope goes that arrives now."""
        return self.named or self.unnamed

    @property
    def shown(self) -> Session:
        """What a snapshot shows: the session that is open, else the last one."""
        if self.named is not None or self.last is None:
            return self.current
        if self.last.session_id is None and self.unnamed.table.counts:
            return self.unnamed
        return self.last

    def new(
        self,
        part: Part,
        *,
        append: bool | None = None,
        resumed: ResumptionFacts = NOT_RESUMED,
    ) -> Session:
        """Make a session; its files are opened later."""
        return Session(
            part.session_id,
            part.paths,
            self._config,
            self._options,
            append=self._config.append_mode if append is None else append,
            part=part,
            resumed=resumed,
        )

    def begin(self, part: Part, *, append: bool, resumed: ResumptionFacts = NOT_RESUMED) -> Session:
        """Finish the named session, if there is one, and open another."""
        self.finish_named()
        ended = [self.last, *(each.session for each in self._ended)]
        if any(each is not None and each.paths == part.paths for each in ended):
            # Its file is locked until nobody has it open.
            self.writer.settle()
            self.wait_until_finished()
        self._unfinished = [
            each for each in self._unfinished if not _is_superseded(each, part.paths)
        ]
        self.named = self.new(part, append=append, resumed=resumed)
        self.writer.open(self.named)
        return self.named

    def go_on_in_next_part(self) -> bool:
        """
        Take another file for what is recorded now, since the one in use takes no more.

        Returns:
            False if that cannot be done now.
        """
        session = self.current
        part = session.part.next_free()
        log.error(
            "%s takes no more (%s); the recording goes on in %s",
            session.paths.jsonl,
            session.refused,
            part.paths.jsonl,
        )
        following = self.new(part, append=False)
        try:
            session.end_in_favour_of(part)
            following.open()
        except OSError as exc:
            self.writer.pause(exc)
            return False
        if not session.is_open:
            following.losses, session.losses = session.losses, following.losses
        if session is self.named:
            self.named = following
        else:
            self.unnamed = following
        self._finish(session)
        return True

    def finish_named(self) -> None:
        """Finish the named session, if there is one."""
        if self.named is not None:
            session, self.named = self.named, None
            self._finish(session)

    def drop_unfiled(self) -> int:
        """Forget what was taken in without files; gives how many envelopes that were."""
        unfiled = [self.unnamed] if self.named is None else [self.unnamed, self.named]
        self.unnamed, self.named = self.new(NO_PART), None
        return sum(session.table.counts.total() for session in unfiled)

    def note_absence(self, why: str) -> None:
        """Nobody listened for a while: something may be missing from every open session."""
        for session in (self.unnamed, self.named):
            if session is not None and session.is_open:
                session.losses.note_gap(0, why)

    def replace_unnamed(self, paths: SessionPaths) -> None:
        """Finish the files of the unnamed session if there are any, and take others."""
        if self.unnamed.is_open:
            self._finish(self.unnamed)
        self.unnamed = self.new(Part(None, paths))

    def _finish(self, session: Session) -> None:
        """What the disk does not allow now is tried again later."""
        if session.session_id is not None or self.last is None or self.last.session_id is None:
            self.last = session
        if not self._options.wait:
            self._finished_tally += session.tally()
            self._finish_beside(session)
            return
        self.writer.settle()
        self._documents.wait()
        try:
            session.finish()
        except OSError as exc:
            log.error("cannot finish %s: %s", session.paths.jsonl, exc)
            self.put_off(session, exc)
        self._finished_tally += session.tally()

    def _finish_beside(self, session: Session) -> None:
        ended = _Ended(session)
        self._ended.append(ended)
        self._documents.submit(ended.finishing())

    @property
    def finishing(self) -> bool:
        """Whether a session that has ended is still being written."""
        return bool(self._ended)

    def wait_until_finished(self) -> None:
        """Wait for sessions that are finished beside the recording."""
        self._documents.wait()
        self._look_at_ended()

    def _look_at_ended(self) -> None:
        """See what became of sessions that were finished beside the recording."""
        for ended in [each for each in self._ended if each.is_done]:
            self._ended.remove(ended)
            if isinstance(ended.error, OSError):
                log.error("cannot finish %s: %s", ended.session.paths.jsonl, ended.error)
                self.put_off(ended.session, ended.error)
            elif ended.error is not None:
                raise ended.error
            elif self.unfinished is not None:
                log.warning("finished after all: %s", ended.session.paths.jsonl)
        if not self._ended and not self._unfinished:
            self._outage.end()

    def put_off(self, session: Session, exc: OSError) -> None:
        """Finish a session later, which *exc* does not allow now."""
        self._unfinished.append(session)
        if self._outage.is_due:  # once for all that are tried together
            self._outage.fail(str(exc))

    def finish_interrupted(self, base: SessionPaths) -> None:
        """Finish what a crash left open, but for the session that is open now."""
        but = self.named.session_id if self.named else None
        for session, why in finish_interrupted(base, self._config, self._options, but):
            self.put_off(session, why)

    def finish_rest_if_due(self) -> None:
        """Try again, from time to time, what the disk did not allow."""
        self._look_at_ended()
        if self._unfinished and self._outage.is_due:
            if self._options.wait:
                self._finish_rest()
            else:
                waiting, self._unfinished = self._unfinished, []
                for session in waiting:
                    self._finish_beside(session)

    def _finish_rest(self) -> None:
        waiting, self._unfinished = self._unfinished, []
        for session in waiting:
            try:
                session.finish()
            except OSError as exc:
                self.put_off(session, exc)
            else:
                log.warning("finished after all: %s", session.paths.jsonl)
        self._look_at_ended()

    def sync_if_due(self) -> None:
        """Have the open files synced by policy."""
        named = [] if self.named is None else [self.named]
        self.writer.sync_if_due([*named, self.unnamed])

    def begin_snapshot(self) -> bool:
        """
        Begin to write the named session's snapshot beside the recording.

        Returns:
            False if there is no open session, the one before is not done, or too many
            collectors write theirs.
        """
        if self.named is None or not self.named.is_open or self._documents.busy:
            return False
        if self._options.background.documents.is_busy:
            return False  # each that waits holds its columns in memory
        self._submit(self.named)
        return True

    def wait_for_snapshot(self, timeout_s: float | None = None) -> None:
        """Wait for the snapshot under way, for *timeout_s* at most."""
        self._documents.wait(timeout_s)

    def write_snapshot(self) -> None:
        """Write the snapshot of what is open, and wait for it."""
        session = self.shown
        self._documents.wait()
        if session.is_open:
            self._submit(session)
            self._documents.wait()

    def _submit(self, session: Session) -> None:
        document, state = session.document(), session.manifest(OPEN)
        self._documents.submit(session.writing_snapshot(document, state))

    def write_empty_summary(self, paths: SessionPaths, started_ms: int) -> None:
        """A run without a single envelope has a summary as well, if no other is in its way."""
        if paths.summary is None or paths.summary.exists():
            return
        session = self.new(NO_PART)
        session.stopped_ms = session.now_ms()
        session.started_ms = min(started_ms, session.stopped_ms)
        try:
            session.write_document(session.document(), paths.summary)
        except OSError as exc:
            log.error("cannot write %s: %s", paths.summary, exc)

    def tally(self) -> Counter[str]:
        """The counters of all sessions so far, see :meth:`Session.tally`."""
        tally = self._finished_tally + self.unnamed.tally()
        return tally if self.named is None else tally + self.named.tally()

    def close(self) -> None:
        """Finish what can be finished."""
        self.writer.settle()
        self.wait_until_finished()
        self._finish_rest()
        for session in self._unfinished:
            # The next start finishes it from its JSONL.
            log.error("left unfinished: %s", session.paths.jsonl)
            session.abandon()
        self._unfinished = []


class _Ended:
    """A session that is being finished beside the recording, and what became of that."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.is_done = False
        self.error: Exception | None = None

    def finishing(self) -> Stages:
        try:
            yield from self.session.finishing()
        except Exception as exc:  # noqa: BLE001  raised where the session belongs
            self.error = exc
        finally:
            self.is_done = True


def _is_superseded(waiting: Session, paths: SessionPaths) -> bool:
    """Whether whoever goes on with these files also does what *waiting* was to do."""
    return waiting.paths == paths and not waiting.is_open and not waiting.losses.unwritten
