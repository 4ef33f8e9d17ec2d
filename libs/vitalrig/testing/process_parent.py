"""
The one thread that starts processes.

The signal that ends a child with its parent (`lifeline`) is sent when the thread ends that started
it. A test's own thread may end long before the camera that it asked for.
"""

import os
import queue
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

_Start = Callable[[], None]

_waiting: "queue.SimpleQueue[_Start]" = queue.SimpleQueue()
_lock = threading.Lock()
_thread: threading.Thread | None = None


def start(
    command: Sequence[str], log_path: Path, environment: Mapping[str, str], folder: Path
) -> "subprocess.Popen[bytes]":
    """
    Start a process that reads nothing and adds what it prints to its log.

    It has a process group of its own: Ctrl-C in a terminal is for the tests, which end it in order.

    Raises:
        OSError: If it cannot be started.
    """
    started: Future[subprocess.Popen[bytes]] = Future()

    def begin() -> None:
        try:
            with log_path.open("ab") as log:
                process = subprocess.Popen(  # noqa: S603  our own services
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=environment,
                    process_group=0,
                )
        except BaseException as exc:  # noqa: BLE001  raised where it was asked for
            started.set_exception(exc)
        else:
            started.set_result(process)

    _run_thread()
    _waiting.put(begin)
    return started.result()


def _run_thread() -> None:
    global _thread  # noqa: PLW0603  one for the whole process
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_work, name="vitalrig starts processes", daemon=True)
            _thread.start()


def _work() -> None:
    while True:
        _waiting.get()()


def _forget() -> None:
    global _thread, _waiting, _lock  # a fork has the parent's, without its thread
    _thread, _waiting, _lock = None, queue.SimpleQueue(), threading.Lock()


os.register_at_fork(after_in_child=_forget)
