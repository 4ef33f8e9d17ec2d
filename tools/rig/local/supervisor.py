"""
Talk to supervisord through its socket: XML-RPC over a Unix socket, as its manual describes.
"""

import http.client
import re
import socket
import xmlrpc.client
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from rig.errors import RigError

_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Program:
    """
    One program, as supervisord sees it.

    Attributes:
        name: Its name.
        state: ``RUNNING``, ``STARTING``, ``BACKOFF``, ``STOPPED``, ``EXITED``, ``FATAL``, ...
        pid: Its process, or 0.
        description: supervisord's own words: pid and uptime, or what went wrong.
    """

    name: str
    state: str
    pid: int
    description: str

    @classmethod
    def parse(cls, info: Mapping[str, Any]) -> Self:
        """
        Understand one answer of ``getAllProcessInfo``.
        """
        return cls(
            name=str(info["name"]),
            state=str(info["statename"]),
            pid=int(info["pid"]),
            description=str(info["description"] or info["spawnerr"]),
        )


class Exits:
    """
    How programs ended, in the words of supervisord's log, from now on.

    supervisord's answers hold no exit status while it starts a program again and again.

    Args:
        log: The log.
        from_start: Count what is in the log already.
    """

    def __init__(self, log: Path, *, from_start: bool = False) -> None:
        self._log = log
        self._skip = 0 if from_start else len(self._text())

    def last_of(self, program: str) -> str:
        """
        Return how *program* ended the last time; empty if it did not.
        """
        pattern = rf"exited: {re.escape(program)} \((.*?)[;)]"
        ends: list[str] = re.findall(pattern, self._text()[self._skip :])
        return ends[-1] if ends else ""

    def _text(self) -> str:
        try:
            return self._log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:  # noqa: ANN401
        connection = _UnixConnection(self._path)
        self._connection = host, connection  # what the base class closes
        return connection


class Supervisor:
    """
    The supervisord behind a socket.
    """

    def __init__(self, socket_path: Path) -> None:
        self._path = socket_path

    def answers(self) -> bool:
        """
        Whether it is there.
        """
        try:
            self._call("getState")
        except RigError:
            return False
        return True

    def pid(self) -> int:
        """
        Return its process.
        """
        return int(self._call("getPID"))

    def programs(self) -> list[Program]:
        """
        Return all programs it knows, started or not.
        """
        return [Program.parse(info) for info in self._call("getAllProcessInfo")]

    def start(self, name: str) -> None:
        """
        Start a program without waiting until it is up.
        """
        self._call("startProcess", name, False)

    def stop(self, name: str) -> None:
        """
        Stop a program and wait until it has ended.
        """
        self._call("stopProcess", name, True)

    def shut_down(self) -> None:
        """
        Ask it to end all programs and itself; it answers before it has.
        """
        self._call("shutdown")

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - XML-RPC's answers vary
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(self._path))
        try:
            with proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as exc:
            raise RigError(f"supervisord refuses {method}: {exc.faultString}") from exc
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as exc:
            raise RigError(f"supervisord does not answer at {self._path}: {exc}") from exc
