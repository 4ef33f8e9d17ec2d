"""One job at a time beside the recording, so that waiting for a disk stalls nothing."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)


class Lane:
    """
    Runs jobs one after the other in a thread of its own.

    The thread appears with the first job. An error of the disk is logged and kept in
    :attr:`trouble`; whoever submitted the job looks at it when convenient.

    Args:
        name: What the thread is called.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._executor: ThreadPoolExecutor | None = None
        self._job: Future[None] | None = None
        self.trouble: OSError | None = None

    @property
    def busy(self) -> bool:
        """Whether a job waits or runs."""
        return self._job is not None and not self._job.done()

    def submit(self, job: Callable[[], None]) -> None:
        """Run *job* after those before it."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix=self._name)
        self._job = self._executor.submit(self._run, job)

    def _run(self, job: Callable[[], None]) -> None:
        try:
            job()
        except OSError as exc:
            self.trouble = exc
            log.warning("%s failed: %s", self._name, exc)

    def wait(self, timeout_s: float | None = None) -> None:
        """
        Wait until nothing is left to do, or *timeout_s* has passed.

        Raises:
            Exception: What a job raised, other than an error of the disk.
        """
        if self._job is not None:
            try:
                self._job.result(timeout_s)
            except TimeoutError:
                return

    def close(self) -> None:
        """Finish what was submitted and let the thread go; a later job brings it back."""
        if self._executor is not None:
            self._executor.shutdown(wait=True)
            self._executor = None
