"""Whether the parts of a rig are ready: each is used, none is only asked whether it runs."""

import contextlib
import socket
import time
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from vitalrig.testing.harness_errors import NotReady
from vitalrig.testing.log_file import LogFile
from vitalrig.testing.managed_process import ManagedProcess
from vitalrig.testing.metric_samples import samples_of
from vitalrig.testing.rig_address import RigAddress

LOG_LINES = 20
"""So many lines of its log say why a process is not ready."""

_SHORTEST_S, _LONGEST_S = 0.02, 0.25
_ANSWER_S = 5.0

# A rig's own page is never asked for through a proxy, whatever the environment says.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Check:
    """
    One thing that a part has to have done.

    Attributes:
        service: The part.
        text: What it has to have done, as a failure says it.
        trouble: Does it once; gives why it did not work, or an empty text if it did.
    """

    service: str
    text: str
    trouble: Callable[[], str]


def wait_for_checks(
    checks: Iterable[Check],
    processes: Mapping[str, ManagedProcess],
    timeout_s: float,
    others: Mapping[str, LogFile] | None = None,
) -> None:
    """
    Wait until every check was passed, one after another.

    Args:
        checks: What has to be passed; each is taken when the one before was passed.
        processes: What was started here, and has to run.
        timeout_s: For all checks together.
        others: Logs of what somebody else has started.

    Raises:
        NotReady: If one was not passed in time, or a process has ended.
    """
    deadline_s = time.monotonic() + timeout_s
    for check in checks:
        pause_s = _SHORTEST_S
        while trouble := check.trouble():
            require_running(processes)
            if time.monotonic() > deadline_s:
                said = f"{check.text} (not within {timeout_s:g} s: {trouble})"
                process = (dict(others or {}) | dict(processes)).get(check.service)
                raise not_ready(check.service, said, process)
            time.sleep(pause_s)
            pause_s = min(_LONGEST_S, pause_s * 1.2)
    require_running(processes)


def require_running(processes: Mapping[str, ManagedProcess]) -> None:
    """
    See that no process has ended by itself: what was stopped or killed here is known.

    Raises:
        NotReady: If one has.
    """
    for process in processes.values():
        if process.ended_by_itself:
            raise not_ready(process.name, "it has to run", process)


def not_ready(service: str, check: str, process: LogFile | None) -> NotReady:
    """
    Make the error, with what the process logged last.
    """
    lines = [] if process is None else process.log_lines()[-LOG_LINES:]
    if isinstance(process, ManagedProcess):
        return NotReady(service, check, process.exit_status, lines)
    return NotReady(service, check, None, lines, is_ours=False)


def redis_trouble(address: RigAddress) -> str:
    """
    Ask a Redis of our own, which has no password; the client's library is not needed for that.
    """
    try:
        with socket.create_connection((address.host, address.port), _ANSWER_S) as sock:
            sock.sendall(b"PING\r\n")
            answer = sock.recv(64)
    except OSError as exc:
        return str(exc)
    return "" if answer == b"+PONG\r\n" else f"it answers {answer!r}"


def envelope_trouble(address: RigAddress, stream: str) -> str:
    """
    Read the newest envelope of a durable stream.
    """
    from vitalrig.redis_client import REDIS_ERRORS, describe_error  # noqa: PLC0415  slow to import

    try:
        with contextlib.closing(address.client()) as client:
            return "" if client.xrevrange(stream, count=1) else "the stream is empty"
    except REDIS_ERRORS as exc:
        return describe_error(exc)


def health_trouble(target: str) -> str:
    """
    Ask a service for its health, as a container's probe does.
    """
    from vitalrig.service.health import probe  # noqa: PLC0415

    return "; ".join(probe(target))


def health_file_trouble(path: Path) -> str:
    """
    Read what a service says of its health.
    """
    return health_trouble(f"file:{path}?max_age_s=15")


def page(url: str) -> str:
    """
    Fetch a page of metrics.

    Raises:
        OSError: If it cannot be had.
    """
    with _DIRECT.open(url, timeout=_ANSWER_S) as answer:
        return str(answer.read().decode())


def page_trouble(url: str, prefix: str) -> str:
    """
    Look on the exporter's page for envelopes of a camera, which the collector has reported.

    Args:
        url: The page.
        prefix: The camera; if empty, the page has to show that Redis answers.
    """
    try:
        shown = list(samples_of(page(url)))
    except OSError as exc:
        return str(exc)
    name, labels = "vitalrig_redis_up", {}
    if prefix:
        name, labels = "vitalrig_envelopes_received_total", {"camera": prefix}
    found = [each for each in shown if each.name == name and labels.items() <= each.labels.items()]
    return "" if sum(each.value for each in found) > 0 else f"it shows no {name} of {labels}"
